(* L1log: decoupling for a denominator b >= max(a, W g^2) that may depend on g in any way, |g| <= G, m = E g:
     m^2/sqrt(max(a, W m^2)) <= E[m g/sqrt b] + (G/(2 sqrt W)) E ln(b/a).
   The constant 1/2 is the best possible.

   Up to scaling W = G = 1. With h = sqrt a, s = sqrt(b/a) and e = E[max(g,0) (1 - 1/s)] the defect is at most e, unless
   h < m < e; there E[g/sqrt b] >= -theta with (1+h)(1+theta) <= 2, and 2 max(g,0) (1 - 1/s) <= (1+h) ln s. *)
From Coq Require Import Reals Lra Lia.
From Mada Require Import Sums Expectation Logarithm.
Local Open Scope R_scope.

(* The difference of the two sides has the derivative (y-1)^2/(y (y+1)^2). *)
Lemma ln_pade y : 1 <= y -> 2 * (y - 1) / (y + 1) <= ln y.
Proof.
  intros [H | <-]; [|rewrite ln_1; right; field].
  set (f := fun z => ln z - 2 * (z - 1) / (z + 1)).
  assert (D : forall z, 1 <= z <= y ->
    derivable_pt_lim f z (/ z - (2 * (1 - 0) * (z + 1) - (1 + 0) * (2 * (z - 1))) / (z + 1)²)).
  { intros z Hz. apply derivable_pt_lim_minus; [apply derivable_pt_lim_ln; lra|].
    apply (derivable_pt_lim_div (fun z => 2 * (z - 1)) (fun z => z + 1)); [| |lra].
    - apply (derivable_pt_lim_scal (fun z => z - 1)), (derivable_pt_lim_minus id (fct_cte 1));
        [apply derivable_pt_lim_id | apply derivable_pt_lim_const].
    - apply (derivable_pt_lim_plus id (fct_cte 1)); [apply derivable_pt_lim_id | apply derivable_pt_lim_const]. }
  destruct (MVT_cor2 f _ 1 y H D) as (c & Hc & Hc1).
  unfold f in Hc. rewrite ln_1 in Hc.
  assert (P : 0 <= / c - (2 * (1 - 0) * (c + 1) - (1 + 0) * (2 * (c - 1))) / (c + 1)²).
  { replace (/ c - (2 * (1 - 0) * (c + 1) - (1 + 0) * (2 * (c - 1))) / (c + 1)²) with ((c - 1)² * / (c * (c + 1)²))
      by (unfold Rsqr; field; lra).
    apply Rmult_le_pos; [apply Rle_0_sqr|]. left. apply Rinv_0_lt_compat.
    apply Rmult_lt_0_compat; [lra | apply Rlt_0_sqr; lra]. }
  apply Rmult_le_compat_r with (r := y - 1) in P; [|lra].
  replace (2 * (1 - 1) / (1 + 1)) with 0 in Hc by field. lra.
Qed.

(* Pointwise facts about a gradient 0 <= g <= min(1, h s), s >= 1. *)
Lemma gain_le_ln g s : g <= 1 -> 1 <= s -> g * (1 - / s) <= ln s.
Proof.
  intros Hg Hs. pose proof (ln_lower s ltac:(lra)) as Hl.
  assert (H : / s <= 1) by (rewrite <- Rinv_1; apply Rinv_le_contravar; lra).
  apply Rle_trans with (1 * (1 - / s)); [apply Rmult_le_compat_r|]; lra.
Qed.

Lemma gain_le_half_ln g s h : 0 < h -> g <= 1 -> g <= h * s -> 1 <= s -> 2 * (g * (1 - / s)) <= (1 + h) * ln s.
Proof.
  intros Hh H1 H2 Hs.
  apply Rle_trans with ((1 + h) * (2 * (s - 1) / (s + 1))); [|apply Rmult_le_compat_l; [lra | apply ln_pade; auto]].
  replace (2 * (g * (1 - / s))) with (2 * (s - 1) / (s * (s + 1)) * (g * (s + 1))) by (field; lra).
  replace ((1 + h) * (2 * (s - 1) / (s + 1))) with (2 * (s - 1) / (s * (s + 1)) * (s * (1 + h))) by (field; lra).
  assert (0 < s * (s + 1)) by (apply Rmult_lt_0_compat; lra).
  apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]|].
  destruct (Rle_dec (h * s) 1) as [C | C].
  - apply Rle_trans with (h * s * (s + 1)); [apply Rmult_le_compat_r; lra|].
    apply Rmult_le_compat_l with (r := s) in C; lra.
  - apply Rle_trans with (1 * (s + 1)); [apply Rmult_le_compat_r; lra | lra].
Qed.

Section Normalised.
Variables (n : nat) (p g s : nat -> R) (h : R).
Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.
Hypothesis p_one : sum n p = 1.
Hypothesis h_pos : 0 < h.
Hypothesis s_low : forall k, (k < n)%nat -> 1 <= s k.
Hypothesis g_one : forall k, (k < n)%nat -> Rabs (g k) <= 1.
Hypothesis g_below : forall k, (k < n)%nat -> Rabs (g k) <= h * s k.
Let m := Ex n p g.
Hypothesis m_pos : 0 < m.

Let gain k := Rmax (g k) 0 * (1 - / s k).
Let negative k := if Rlt_dec (g k) 0 then 1 else 0.
Let e := Ex n p gain.
Let S := Ex n p (fun k => g k / (h * s k)).
Let J := Ex n p (fun k => ln (s k)).

Lemma inv_s k : (k < n)%nat -> 0 < / s k <= 1.
Proof.
  intros Hk. pose proof (s_low k Hk). split; [apply Rinv_0_lt_compat; lra|].
  rewrite <- Rinv_1. apply Rinv_le_contravar; lra.
Qed.

Lemma upper k : (k < n)%nat -> g k <= 1 /\ g k <= h * s k /\ - (h * s k) <= g k.
Proof.
  intros Hk. pose proof (g_one k Hk). pose proof (g_below k Hk). pose proof (Rle_abs (g k)).
  pose proof (Rle_abs (- g k)) as H'. rewrite Rabs_Ropp in H'. lra.
Qed.

Lemma gain_nonneg : 0 <= e.
Proof.
  apply Ex_nonneg; auto. intros k Hk. pose proof (inv_s k Hk).
  apply Rmult_le_pos; [apply Rmax_r | lra].
Qed.

(* (1)  h S >= m - e *)
Lemma first_bound : m - e <= h * S.
Proof.
  unfold m, e, S. rewrite <- Ex_minus, <- Ex_scal. apply Ex_le; auto. intros k Hk.
  pose proof (inv_s k Hk) as Hs. pose proof (s_low k Hk). unfold gain.
  replace (h * (g k / (h * s k))) with (g k * / s k) by (field; lra).
  destruct (Rle_dec 0 (g k)) as [C | C].
  - rewrite Rmax_left by lra. lra.
  - rewrite Rmax_right by lra. destruct Hs as [_ Hs].
    apply Rmult_le_compat_l with (r := - g k) in Hs; lra.
Qed.

(* (2)  S >= - P(g < 0) >= e - 1 *)
Lemma second_bound : e - 1 <= S.
Proof.
  unfold e, S. rewrite <- (Ex_const n p p_one 1), <- Ex_minus. apply Ex_le; auto. intros k Hk.
  pose proof (inv_s k Hk) as Hs. pose proof (s_low k Hk). destruct (upper k Hk) as (U1 & U2 & U3). unfold gain.
  assert (P : 0 < h * s k) by (apply Rmult_lt_0_compat; lra).
  destruct (Rle_dec 0 (g k)) as [C | C].
  - rewrite Rmax_left by lra. apply Rle_trans with 0.
    + assert (g k * (1 - / s k) <= 1 * 1) by (apply Rmult_le_compat; lra). lra.
    + apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto].
  - rewrite Rmax_right by lra. apply Rmult_le_reg_r with (h * s k); [auto|].
    replace (g k / (h * s k) * (h * s k)) with (g k) by (field; lra). lra.
Qed.

Lemma gain_le_J : e <= J.
Proof.
  apply Ex_le; auto. intros k Hk. destruct (upper k Hk) as (U1 & U2 & U3).
  apply gain_le_ln; auto. apply Rmax_lub; lra.
Qed.

Lemma gain_le_half_J : 2 * e <= (1 + h) * J.
Proof.
  unfold e, J. rewrite <- !Ex_scal. apply Ex_le; auto. intros k Hk. destruct (upper k Hk) as (U1 & U2 & U3).
  pose proof (s_low k Hk).
  apply gain_le_half_ln; auto; apply Rmax_lub; lra.
Qed.

Lemma normalised : m² / Rmax h m <= m * S + J.
Proof.
  pose proof first_bound as H1. pose proof second_bound as H2. pose proof gain_le_J as H3.
  pose proof gain_le_half_J as H4. pose proof gain_nonneg as H5.
  destruct (Rle_dec m h) as [C | C].
  - rewrite Rmax_left by lra. apply Rmult_le_reg_l with h; [auto|].
    replace (h * (m² / h)) with (m * m) by (unfold Rsqr; field; lra).
    apply Rmult_le_compat_l with (r := m) in H1; [|lra].
    assert (m * e <= h * J) by (apply Rmult_le_compat; lra). lra.
  - rewrite Rmax_right by lra. replace (m² / m) with m by (unfold Rsqr; field; lra).
    destruct (Rle_dec e m) as [C' | C'].
    + apply Rmult_le_reg_l with h; [auto|].
      apply Rmult_le_compat_l with (r := m) in H1; [|lra].
      assert (0 <= (m - h) * (m - e)) by (apply Rmult_le_pos; lra).
      apply Rmult_le_compat_l with (r := h) in H3; lra.
    + destruct (Rle_dec 0 S) as [CS | CS].
      * assert (0 <= m * S) by (apply Rmult_le_pos; lra). lra.
      * (* (1+h)(1-S) <= 2 *)
        assert (H6 : (1 + h) * (1 - S) <= 2) by lra.
        apply Rmult_le_compat_l with (r := e) in H6; [|lra].
        assert (H7 : e * (1 - S) <= J).
        { apply Rmult_le_reg_l with (1 + h); lra. }
        assert (m * (1 - S) <= e * (1 - S)) by (apply Rmult_le_compat_r; lra). lra.
Qed.
End Normalised.

Lemma sqrt_max x y : 0 <= x -> 0 <= y -> sqrt (Rmax x (y * y)) = Rmax (sqrt x) y.
Proof.
  intros Hx Hy. destruct (Rle_dec x (y * y)) as [C | C].
  - rewrite Rmax_right by auto. pose proof (sqrt_le_1_alt _ _ C) as H.
    rewrite sqrt_square in * by auto. rewrite Rmax_right; auto.
  - rewrite Rmax_left by lra. assert (H : y * y <= x) by lra. apply sqrt_le_1_alt in H.
    rewrite sqrt_square in H by auto. rewrite Rmax_left; auto.
Qed.

Section L1log.
Variables (n : nat) (p b : nat -> R) (a W G : R).
Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.
Hypothesis p_one : sum n p = 1.
Hypothesis a_pos : 0 < a.
Hypothesis W_pos : 0 < W.
Hypothesis b_low : forall k, (k < n)%nat -> a <= b k.

Lemma decoupling_positive g : (forall k, (k < n)%nat -> Rabs (g k) <= G) ->
  (forall k, (k < n)%nat -> W * (g k)² <= b k) -> 0 < Ex n p g ->
  (Ex n p g)² / sqrt (Rmax a (W * (Ex n p g)²))
  <= Ex n p (fun k => Ex n p g * g k / sqrt (b k)) + G / (2 * sqrt W) * Ex n p (fun k => ln (b k / a)).
Proof.
  intros g_bnd b_floor Hm. set (m := Ex n p g) in *.
  pose proof (sqrt_lt_R0 _ a_pos) as Pa. pose proof (sqrt_lt_R0 _ W_pos) as PW.
  assert (HG : 0 < G).
  { apply Rlt_le_trans with (1 := Hm). apply Rle_trans with (1 := Rle_abs m). apply (Ex_abs n p p_pos p_one); auto. }
  assert (Pb : forall k, (k < n)%nat -> 0 < sqrt (b k))
    by (intros k Hk; apply sqrt_lt_R0; specialize (b_low k Hk); lra).
  assert (PWG : 0 < G * sqrt W) by (apply Rmult_lt_0_compat; auto).
  assert (Em : Ex n p (fun k => / G * g k) = / G * m) by apply Ex_scal.
  assert (PG : 0 < / G) by (apply Rinv_0_lt_compat; auto).
  assert (N := normalised n p (fun k => / G * g k) (fun k => sqrt (b k) / sqrt a) (sqrt a / (G * sqrt W)) p_pos p_one).
  rewrite Em in N.
  assert (N1 : (/ G * m)² / Rmax (sqrt a / (G * sqrt W)) (/ G * m)
               <= / G * m * Ex n p (fun k => / G * g k / (sqrt a / (G * sqrt W) * (sqrt (b k) / sqrt a)))
                  + Ex n p (fun k => ln (sqrt (b k) / sqrt a))).
  { apply N; clear N.
    - apply Rdiv_lt_0_compat; auto.
    - intros k Hk. apply Rmult_le_reg_r with (sqrt a); [auto|].
      replace (sqrt (b k) / sqrt a * sqrt a) with (sqrt (b k)) by (field; lra).
      rewrite Rmult_1_l. apply sqrt_le_1_alt; auto.
    - intros k Hk. rewrite Rabs_mult, (Rabs_right (/ G)) by lra.
      rewrite <- (Rinv_l G) by lra. apply Rmult_le_compat_l; [lra | auto].
    - intros k Hk. rewrite Rabs_mult, (Rabs_right (/ G)) by lra.
      replace (sqrt a / (G * sqrt W) * (sqrt (b k) / sqrt a)) with (/ G * (sqrt (b k) / sqrt W)) by (field; lra).
      apply Rmult_le_compat_l; [lra|]. apply Rmult_le_reg_r with (sqrt W); [auto|].
      replace (sqrt (b k) / sqrt W * sqrt W) with (sqrt (b k)) by (field; lra).
      rewrite <- (sqrt_Rsqr_abs (g k)), <- sqrt_mult_alt by apply Rle_0_sqr.
      apply sqrt_le_1_alt. specialize (b_floor k Hk). lra.
    - apply Rmult_lt_0_compat; auto. }
  clear N. apply Rmult_le_compat_l with (r := G / sqrt W) in N1; [|left; apply Rdiv_lt_0_compat; auto].
  assert (E1 : G / sqrt W * ((/ G * m)² / Rmax (sqrt a / (G * sqrt W)) (/ G * m)) = m² / sqrt (Rmax a (W * m²))).
  { replace (W * m²) with (sqrt W * m * (sqrt W * m)) by (unfold Rsqr; rewrite <- (sqrt_sqrt W) at 3 by lra; ring).
    rewrite sqrt_max; [|lra | left; apply Rmult_lt_0_compat; auto].
    replace (Rmax (sqrt a / (G * sqrt W)) (/ G * m)) with (/ (G * sqrt W) * Rmax (sqrt a) (sqrt W * m)).
    2:{ rewrite <- RmaxRmult by (left; apply Rinv_0_lt_compat; auto). f_equal; field; lra. }
    assert (0 < Rmax (sqrt a) (sqrt W * m)) by (apply Rlt_le_trans with (1 := Pa), Rmax_l).
    unfold Rsqr; field; lra. }
  assert (E2 : G / sqrt W * (/ G * m * Ex n p (fun k => / G * g k / (sqrt a / (G * sqrt W) * (sqrt (b k) / sqrt a))))
               = Ex n p (fun k => m * g k / sqrt (b k))).
  { rewrite <- !Ex_scal. apply Ex_ext. intros k Hk. specialize (Pb k Hk). field; lra. }
  assert (E3 : G / sqrt W * Ex n p (fun k => ln (sqrt (b k) / sqrt a))
      = G / (2 * sqrt W) * Ex n p (fun k => ln (b k / a))).
  { rewrite <- !Ex_scal. apply Ex_ext. intros k Hk. specialize (Pb k Hk). specialize (b_low k Hk).
    replace (b k / a) with (sqrt (b k) / sqrt a * (sqrt (b k) / sqrt a)).
    2:{ rewrite <- (sqrt_sqrt (b k)) at 3 by lra. rewrite <- (sqrt_sqrt a) at 3 by lra. field; lra. }
    rewrite ln_mult by (apply Rdiv_lt_0_compat; auto). field; lra. }
  rewrite Rmult_plus_distr_l in N1. rewrite E1, E2, E3 in N1. exact N1.
Qed.

Lemma decoupling_half g : (forall k, (k < n)%nat -> Rabs (g k) <= G) ->
  (forall k, (k < n)%nat -> W * (g k)² <= b k) ->
  (Ex n p g)² / sqrt (Rmax a (W * (Ex n p g)²))
  <= Ex n p (fun k => Ex n p g * g k / sqrt (b k)) + G / (2 * sqrt W) * Ex n p (fun k => ln (b k / a)).
Proof.
  intros g_bnd b_floor. destruct (Rtotal_order (Ex n p g) 0) as [C | [C | C]]; [| |apply decoupling_positive; auto].
  - assert (Em : Ex n p (fun k => -1 * g k) = -1 * Ex n p g) by apply Ex_scal.
    pose proof (decoupling_positive (fun k => -1 * g k)) as H. rewrite Em in H.
    replace (Ex n p (fun k => Ex n p g * g k / sqrt (b k)))
      with (Ex n p (fun k => -1 * Ex n p g * (-1 * g k) / sqrt (b k))) by (apply Ex_ext; intros; unfold Rdiv; ring).
    replace ((Ex n p g)²) with ((-1 * Ex n p g)²) by (unfold Rsqr; ring).
    apply H; [| |lra]; intros k Hk.
    + rewrite Rabs_mult, Rabs_left by lra. replace (- -1 * Rabs (g k)) with (Rabs (g k)) by ring. auto.
    + replace ((-1 * g k)²) with ((g k)²) by (unfold Rsqr; ring). auto.
  - assert (HG : 0 <= G).
    { apply Rle_trans with (Rabs (Ex n p g)); [apply Rabs_pos | apply (Ex_abs n p p_pos p_one); auto]. }
    pose proof (sqrt_lt_R0 _ W_pos) as PW.
    rewrite C. apply Rle_trans with 0; [right; rewrite Rsqr_0; unfold Rdiv; ring|].
    apply Rplus_le_le_0_compat.
    + apply Ex_nonneg; auto. intros k Hk. right. unfold Rdiv; ring.
    + apply Rmult_le_pos; [apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; lra]|].
      apply Ex_nonneg; auto. intros k Hk. apply ln_nonneg. specialize (b_low k Hk).
      apply Rmult_le_reg_r with a; [auto|]. replace (b k / a * a) with (b k) by (field; lra). lra.
Qed.
End L1log.

(* L1log with the constant K. *)
Definition decoupling_log (K : R) := forall n p b a W G g,
  (forall k, (k < n)%nat -> 0 <= p k) -> sum n p = 1 -> 0 < a -> 0 < W ->
  (forall k, (k < n)%nat -> a <= b k) -> (forall k, (k < n)%nat -> W * (g k)² <= b k) ->
  (forall k, (k < n)%nat -> Rabs (g k) <= G) ->
  (Ex n p g)² / sqrt (Rmax a (W * (Ex n p g)²))
  <= Ex n p (fun k => Ex n p g * g k / sqrt (b k)) + K * G / sqrt W * Ex n p (fun k => ln (b k / a)).

Theorem decoupling_any_denominator : decoupling_log (1 / 2).
Proof.
  intros n p b a W G g Hp H1 Ha HW Hb Hf Hg. pose proof (sqrt_lt_R0 _ HW) as PW.
  replace (1 / 2 * G / sqrt W) with (G / (2 * sqrt W)) by (field; lra). apply decoupling_half; auto.
Qed.

(* No smaller constant will do: one atom, g = W = G = a = 1, b = u^2 > 1, u -> 1. *)
Theorem decoupling_half_is_best K : decoupling_log K -> 1 / 2 <= K.
Proof.
  intros H.
  assert (Hu : forall u, 1 < u -> 1 <= / u + 2 * K * ln u).
  { intros u Hu.
    specialize (H 1%nat (fun _ => 1) (fun _ => u * u) 1 1 1 (fun _ => 1)).
    unfold Ex in H. simpl sum in H. rewrite Rabs_R1, sqrt_square in H by lra.
    replace (0 + 1 * 1) with 1 in H by ring. rewrite Rsqr_1, Rmult_1_l, Rmax_left, sqrt_1 in H by lra.
    replace (u * u / 1) with (u * u) in H by field. rewrite ln_mult in H by lra.
    assert (1 <= u * u) by (rewrite <- (Rmult_1_l 1); apply Rmult_le_compat; lra).
    assert (X : 1 / 1 <= 0 + 1 * (1 / u) + K * 1 / 1 * (0 + 1 * (ln u + ln u))) by (apply H; intros; lra).
    unfold Rdiv in X. rewrite Rinv_1 in X. lra. }
  apply Rnot_lt_le. intros C.
  destruct (Rle_dec K 0) as [D | D].
  - specialize (Hu 2 ltac:(lra)). pose proof (ln_nonneg 2 ltac:(lra)) as Hl.
    apply Rmult_le_compat_l with (r := - K) in Hl; lra.
  - assert (D' : 1 < / (2 * K)) by (rewrite <- Rinv_1; apply Rinv_lt_contravar; lra).
    set (u := (1 + / (2 * K)) / 2) in *. assert (U : 1 < u < / (2 * K)) by (unfold u; lra).
    specialize (Hu u ltac:(lra)). pose proof (ln_upper u ltac:(lra)) as Hl.
    apply Rmult_le_compat_l with (r := 2 * K) in Hl; [|lra].
    assert (U' : 2 * K * u < 1).
    { apply Rmult_lt_reg_l with (/ (2 * K)); [lra|]. rewrite <- Rmult_assoc, Rinv_l by lra. lra. }
    assert (U2 : 0 < (u - 1) * (/ u - 2 * K)).
    { apply Rmult_lt_0_compat; [lra|]. apply Rmult_lt_reg_r with u; [lra|].
      rewrite Rmult_0_l, Rmult_minus_distr_r, Rinv_l by lra. lra. }
    rewrite Rmult_minus_distr_l, Rmult_minus_distr_r, Rinv_r in U2 by lra. lra.
Qed.
