(* T5c's sums of AVGrad with a known horizon, 0 <= x_t
    <= G^2, B_t = t eps + t vbar_t, c = 2wG^2/eps, Lam = ln(1+G^2/eps):
       sum sqrt(t/T) x_t/B_t <= S1 = min(Lam + 2, 2 Lam) + (beta2/w) min(Psi(c), Psi1(c/T)),
       sum (t/T) x_t/B_t     <= S2 = Lam + (beta2/w) min(Psi(c), Psi2(c/T)),      x_t = v_t + (beta2/w)(v_t - v_{t-1}).
   v_t: with l_t = ln((eps + vbar_t)/eps), t v_t/B_t <= t l_t - (t-1) l_{t-1} and v_t/B_t
       <= l_t - l_{t-1} + ln(t/(t-1)).
   v_t - v_{t-1}: with f_t = Psi(2wG^2/B_{t+1}) - v_t/B_{t+1} each (v_t - v_{t-1})/B_t <= f_{t-1} - f_t, f_{t-1}
       <= Psi(c/t),
   so weights s_t that grow from 0 give sum (s_t - s_{t-1}) Psi(c/t), below int_0^1 Psi(c/(Tu^2)) du = Psi1(c/T) for
   sqrt(t/T) and int_0^1 Psi(c/(Tu)) du = Psi2(c/T) for t/T. *)
From Coq Require Import Reals Lra Lia.
From Mada Require Import Sums Logarithm RatioSums DecreasingWeights AVGradWeights AVGradRatioSum AMSGradRate.
Local Open Scope R_scope.

Definition Psi1 (c : R) : R := sqrt (Rmin c 1) * (4 - ln (Rmin c 1)) + ln (Rmax c 1).
Definition Psi2 (c : R) : R := 4 * sqrt (Rmin c 1) - Rmin c 1 + ln (Rmax c 1).
Definition S1 (T G eps beta2 : R) : R :=
  Rmin (log_range eps G + 2) (2 * log_range eps G)
  + beta2 / (1 - beta2) * Rmin (Psi (2 * (1 - beta2) * G² / eps)) (Psi1 (2 * (1 - beta2) * G² / eps / T)).
Definition S2 (T G eps beta2 : R) : R :=
  log_range eps G
  + beta2 / (1 - beta2) * Rmin (Psi (2 * (1 - beta2) * G² / eps)) (Psi2 (2 * (1 - beta2) * G² / eps / T)).

(* (b - a) Psi(c/b) <= area(b) - area(a), where area(u) = u Psi2(c/u) is the integral of Psi(c/x) from 0 to u. *)
Section Area.
Variable c : R.
Hypothesis c_pos : 0 < c.

Local Lemma sqrt_quot x : 0 < x -> sqrt (c / x) = sqrt c / sqrt x.
Proof. intros H. apply sqrt_div_alt; auto. Qed.

Local Lemma above u : 0 < u <= c -> 1 <= c / u.
Proof. intros H. apply Rmult_le_reg_r with u; [lra|]. replace (c / u * u) with c by (field; lra). lra. Qed.

Local Lemma below u : c <= u -> 0 < c / u <= 1.
Proof.
  intros H. split; [apply Rdiv_lt_0_compat; lra|]. apply Rmult_le_reg_r with u; [lra|].
  replace (c / u * u) with c by (field; lra). lra.
Qed.

Local Lemma Psi_above u : 0 < u <= c -> Psi (c / u) = 2 + ln c - ln u.
Proof. intros H. rewrite Psi_large by (apply above; auto). rewrite ln_quot by lra. ring. Qed.

Local Lemma Psi_below u : c <= u -> Psi (c / u) = 2 * (sqrt c / sqrt u).
Proof. intros H. rewrite Psi_small by (apply below; auto). rewrite sqrt_quot by lra. ring. Qed.

Local Lemma area2_above u : 0 < u <= c -> u * Psi2 (c / u) = u * (3 + ln c - ln u).
Proof.
  intros H. pose proof (above u H). unfold Psi2. rewrite Rmin_right, Rmax_left, sqrt_1, ln_quot by lra. ring.
Qed.

Local Lemma area2_below u : c <= u -> u * Psi2 (c / u) = 4 * sqrt c * sqrt u - c.
Proof.
  intros H. pose proof (below u H). unfold Psi2. rewrite Rmin_left, Rmax_right, ln_1, sqrt_quot by lra.
  pose proof (sqrt_lt_R0 u ltac:(lra)) as P. rewrite <- (sqrt_sqrt u) at 1 3 by lra. field. lra.
Qed.

Local Lemma ln_chord a b : 0 < a -> 0 < b -> a * (ln b - ln a) <= b - a.
Proof.
  intros Ha Hb. pose proof (ln_upper (b / a) ltac:(apply Rdiv_lt_0_compat; auto)) as H. rewrite ln_quot in H by auto.
  apply Rmult_le_compat_l with (r := a) in H; [|lra]. replace (a * (b / a - 1)) with (b - a) in H by (field; lra). lra.
Qed.

Local Lemma area2_inside a b : 0 <= a <= b -> 0 < b <= c -> (b - a) * Psi (c / b)
    <= b * Psi2 (c / b) - a * Psi2 (c / a).
Proof.
  intros Ha Hb. rewrite Psi_above, area2_above by auto.
  destruct (Req_dec a 0) as [Z | Z]; [rewrite Z, Rmult_0_l; lra|].
  rewrite area2_above by lra. pose proof (ln_chord a b ltac:(lra) ltac:(lra)). lra.
Qed.

Local Lemma area2_outside a b : c <= a <= b -> (b - a) * Psi (c / b) <= b * Psi2 (c / b) - a * Psi2 (c / a).
Proof.
  intros H. rewrite Psi_below, !area2_below by lra. pose proof (sqrt_lt_R0 b ltac:(lra)) as Pb.
  pose proof (sqrt_lt_R0 a ltac:(lra)) as Pa. pose proof (sqrt_lt_R0 c c_pos) as Pc.
  pose proof (sqrt_le_1_alt a b ltac:(lra)) as L.
  replace ((b - a) * (2 * (sqrt c / sqrt b))) with (2 * sqrt c * ((sqrt b - sqrt a) * ((sqrt b + sqrt a) / sqrt b))).
  2:{ pose proof (sqrt_sqrt a ltac:(lra)) as Ea. pose proof (sqrt_sqrt b ltac:(lra)) as Eb.
      assert (E : b - a = (sqrt b - sqrt a) * (sqrt b + sqrt a)) by lra. rewrite E. field. lra. }
  assert (Q : (sqrt b + sqrt a) / sqrt b <= 2).
  { apply Rmult_le_reg_r with (sqrt b); [auto|]. replace ((sqrt b + sqrt a) / sqrt b * sqrt b) with (sqrt b + sqrt a)
      by (field; lra). lra. }
  apply Rmult_le_compat_l with (r := sqrt b - sqrt a) in Q; [|lra].
  apply Rmult_le_compat_l with (r := 2 * sqrt c) in Q; lra.
Qed.

Local Lemma Psi_falls a b : 0 < a <= b -> Psi (c / b) <= Psi (c / a).
Proof.
  intros H. apply Psi_mono. split; [left; apply Rdiv_lt_0_compat; lra|].
  apply Rmult_le_compat_l; [lra | apply Rinv_le_contravar; lra].
Qed.

Lemma area2 a b : 0 <= a <= b -> 0 < b -> (b - a) * Psi (c / b) <= b * Psi2 (c / b) - a * Psi2 (c / a).
Proof.
  intros Ha Hb. destruct (Rle_dec b c) as [C1 | C1]; [apply area2_inside; lra|].
  destruct (Rle_dec c a) as [C2 | C2]; [apply area2_outside; lra|].
  pose proof (area2_inside a c ltac:(lra) ltac:(lra)) as H1. pose proof (area2_outside c b ltac:(lra)) as H2.
  pose proof (Psi_falls c b ltac:(lra)) as H3. apply Rmult_le_compat_l with (r := c - a) in H3; lra.
Qed.

(* The same for area(x) = x Psi1(c/x^2), the integral of Psi(c/y^2) from 0 to x. *)
Local Lemma square_above x : 0 < x <= sqrt c -> 0 < x² <= c.
Proof.
  intros H. split; [apply Rlt_0_sqr; lra|]. rewrite <- (Rsqr_sqrt c) by lra. apply Rsqr_incr_1; lra.
Qed.

Local Lemma square_below x : sqrt c <= x -> c <= x².
Proof.
  intros H. pose proof (sqrt_pos c). rewrite <- (Rsqr_sqrt c) by lra. apply Rsqr_incr_1; lra.
Qed.

Local Lemma ln_square x : 0 < x -> ln (x²) = 2 * ln x.
Proof. intros H. unfold Rsqr. rewrite ln_mult by auto. ring. Qed.

Local Lemma area1_above x : 0 < x <= sqrt c -> x * Psi1 (c / x²) = x * (4 + ln c - 2 * ln x).
Proof.
  intros H. pose proof (square_above x H) as S. pose proof (above _ S). unfold Psi1.
  rewrite Rmin_right, Rmax_left, sqrt_1, ln_1, ln_quot, ln_square by lra. ring.
Qed.

Local Lemma area1_below x : 0 < x -> sqrt c <= x -> x * Psi1 (c / x²) = sqrt c * (4 - ln c + 2 * ln x).
Proof.
  intros P H. pose proof (square_below x H) as S. pose proof (below _ S). unfold Psi1.
  rewrite Rmin_left, Rmax_right, ln_1, ln_quot, ln_square, sqrt_quot, sqrt_Rsqr by lra. field. lra.
Qed.

Local Lemma area1_inside a b : 0 <= a <= b -> 0 < b <= sqrt c ->
  (b - a) * Psi (c / b²) <= b * Psi1 (c / b²) - a * Psi1 (c / a²).
Proof.
  intros Ha Hb. rewrite Psi_above, area1_above, ln_square by (try apply square_above; lra).
  destruct (Req_dec a 0) as [Z | Z]; [rewrite Z, Rmult_0_l; lra|].
  rewrite area1_above by lra. pose proof (ln_chord a b ltac:(lra) ltac:(lra)). lra.
Qed.

Local Lemma area1_outside a b : sqrt c <= a <= b -> (b - a) * Psi (c / b²) <= b * Psi1 (c / b²) - a * Psi1 (c / a²).
Proof.
  intros H. pose proof (sqrt_lt_R0 c c_pos) as Pc. rewrite Psi_below by (apply square_below; lra).
  rewrite !area1_below, sqrt_Rsqr by lra.
  pose proof (ln_lower (b / a) ltac:(apply Rdiv_lt_0_compat; lra)) as L. rewrite ln_quot in L by lra.
  replace (/ (b / a)) with (a / b) in L by (field; lra).
  replace ((b - a) * (2 * (sqrt c / b))) with (2 * sqrt c * (1 - a / b)) by (field; lra).
  apply Rmult_le_compat_l with (r := 2 * sqrt c) in L; lra.
Qed.

Lemma area1 a b : 0 <= a <= b -> 0 < b -> (b - a) * Psi (c / b²) <= b * Psi1 (c / b²) - a * Psi1 (c / a²).
Proof.
  intros Ha Hb. pose proof (sqrt_lt_R0 c c_pos) as Pc.
  destruct (Rle_dec b (sqrt c)) as [C1 | C1]; [apply area1_inside; lra|].
  destruct (Rle_dec (sqrt c) a) as [C2 | C2]; [apply area1_outside; lra|].
  pose proof (area1_inside a (sqrt c) ltac:(lra) ltac:(lra)) as H1.
  pose proof (area1_outside (sqrt c) b ltac:(lra)) as H2.
  pose proof (Psi_falls ((sqrt c)²) (b²) ltac:(split; [apply Rlt_0_sqr; lra | apply Rsqr_incr_1; lra])) as H3.
  apply Rmult_le_compat_l with (r := sqrt c - a) in H3; lra.
Qed.
End Area.

(* The increments, for weights that grow from 0. *)
Section Increments.
Variables (x : nat -> R) (G eps beta2 : R).
Hypothesis x_low : forall t, 0 <= x t.
Hypothesis x_up : forall t, x t <= G².
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis G_pos : 0 < G².
Local Notation V := (v beta2 x).
Local Notation Bt := (B x eps beta2).
Let kappa := 2 * (1 - beta2) * G².
Let c := kappa / eps.

Local Lemma kappa_pos : 0 < kappa.
Proof. unfold kappa. apply Rmult_lt_0_compat; lra. Qed.

Local Lemma V_nonneg t : 0 <= V t.
Proof. apply v_nonneg; auto; lra. Qed.

Local Lemma tvbar_low t : 0 <= tvbar beta2 x t.
Proof. apply sum_nonneg; intros s _. apply V_nonneg. Qed.

Local Lemma Bt_pos t : 0 < Bt (S t).
Proof.
  unfold B. pose proof (tvbar_low (S t)). pose proof (Rmult_lt_0_compat _ _ (INR_S_pos t) eps_pos). lra.
Qed.

Local Lemma Bt_low t : INR (S t) * eps <= Bt (S t).
Proof. unfold B. pose proof (tvbar_low (S t)). lra. Qed.

Local Lemma Bt_grows t : Bt t <= Bt (S t).
Proof. unfold B. rewrite S_INR, tvbar_S. pose proof (V_nonneg (S t)). lra. Qed.

Local Lemma heights t : 0 <= V (S t) <= height kappa (Bt (S t)).
Proof. apply AVGradRatioSum.v_height; auto. Qed.

Let f t := Psi (kappa / Bt (S t)) - V t / Bt (S t).

Local Lemma increment_falls t : (V (S t) - V t) / Bt (S t) <= f t - f (S t).
Proof.
  pose proof (Psi_step kappa (V (S t)) (Bt (S t)) (Bt (S (S t))) kappa_pos (conj (Bt_pos t) (Bt_grows (S t))) (heights
      t)) as H.
  unfold f. unfold Rdiv in *. lra.
Qed.

Local Lemma f_up t : f t <= Psi (c / INR (S t)).
Proof.
  pose proof (Bt_pos t) as P. pose proof (Bt_low t) as L. pose proof (INR_S_pos t) as I. pose proof kappa_pos as K.
  apply Rle_trans with (Psi (kappa / Bt (S t))).
  - unfold f. assert (0 <= V t / Bt (S t)); [|lra].
    apply Rmult_le_pos; [apply V_nonneg | left; apply Rinv_0_lt_compat; auto].
  - apply Psi_mono. split; [left; apply Rdiv_lt_0_compat; auto|]. unfold c.
    replace (kappa / eps / INR (S t)) with (kappa / (INR (S t) * eps)) by (field; lra).
    apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; [apply Rmult_lt_0_compat; auto | auto].
Qed.

Local Lemma f_nonneg t : 0 <= f t.
Proof.
  pose proof (Bt_pos t) as P. pose proof kappa_pos as K. unfold f.
  destruct t as [|t].
  - change (V 0) with 0. unfold Rdiv at 2. rewrite Rmult_0_l, Rminus_0_r. apply Psi_nonneg. left.
    apply Rdiv_lt_0_compat; auto.
  - destruct (heights t) as [H0 H1].
    assert (H2 : height kappa (Bt (S t)) <= height kappa (Bt (S (S t)))).
    { pose proof (Bt_grows (S t)) as L. pose proof (Bt_pos t). unfold height. apply Rmin_glb.
      - apply Rle_trans with (1 := Rmin_l _ _). auto.
      - apply Rle_trans with (1 := Rmin_r _ _). apply sqrt_le_1_alt. apply Rmult_le_compat_l; lra. }
    pose proof (Psi_last kappa (V (S t)) (Bt (S (S t))) K P ltac:(lra)). lra.
Qed.

Lemma weighted_increments (s : nat -> R) N : s O = 0 -> (forall t, s t <= s (S t)) ->
  sum N (fun t => s (S t) * ((V (S t) - V t) / Bt (S t)))
  <= sum N (fun t => (s (S t) - s t) * Psi (c / INR (S t))).
Proof.
  intros S0 Sm. assert (Sp : forall t, 0 <= s t) by (induction t as [|t IH]; [lra | specialize (Sm t); lra]).
  assert (H : sum N (fun t => s (S t) * ((V (S t) - V t) / Bt (S t)))
              <= sum N (fun t => (s (S t) - s t) * Psi (c / INR (S t))) - s N * f N).
  { induction N as [|N IH]; [simpl; rewrite S0; lra|]. rewrite !sum_S.
    pose proof (Rmult_le_compat_l (s (S N)) _ _ (Sp (S N)) (increment_falls N)) as H1.
    pose proof (Rmult_le_compat_l (s (S N) - s N) _ _ ltac:(specialize (Sm N); lra) (f_up N)) as H2. lra. }
  pose proof (Rmult_le_pos _ _ (Sp N) (f_nonneg N)). lra.
Qed.

(* Weights t and sqrt(t). *)
Lemma linear_increments N : (0 < N)%nat -> sum N (fun t => INR (S t) * ((V (S t) - V t) / Bt (S t)))
  <= INR N * Rmin (Psi c) (Psi2 (c / INR N)).
Proof.
  intros HN. pose proof kappa_pos as K. assert (Pc : 0 < c) by (apply Rdiv_lt_0_compat; auto).
  apply Rle_trans with (1 := weighted_increments INR N eq_refl (fun t => ltac:(rewrite S_INR; lra))).
  apply (Rmin_case _ _ (fun z => _ <= INR N * z)).
  - apply sum_le_const. intros t _. rewrite S_INR. pose proof (pos_INR t).
    replace ((INR t + 1 - INR t) * Psi (c / (INR t + 1))) with (Psi (c / (INR t + 1))) by ring.
    replace (Psi c) with (Psi (c / 1)) by (f_equal; field). apply Psi_falls; lra.
  - clear HN. induction N as [|N IH]; [simpl; lra|]. rewrite sum_S.
    pose proof (area2 c Pc (INR N) (INR (S N)) ltac:(rewrite S_INR; pose proof (pos_INR N); lra) (INR_S_pos N)). lra.
Qed.

Lemma root_increments N : (0 < N)%nat -> sum N (fun t => sqrt (INR (S t)) * ((V (S t) - V t) / Bt (S t)))
  <= sqrt (INR N) * Rmin (Psi c) (Psi1 (c / INR N)).
Proof.
  intros HN. pose proof kappa_pos as K. assert (Pc : 0 < c) by (apply Rdiv_lt_0_compat; auto).
  assert (Sm : forall t, sqrt (INR t) <= sqrt (INR (S t))) by (intros t; apply sqrt_le_1_alt; rewrite S_INR; lra).
  apply Rle_trans with (1 := weighted_increments (fun t => sqrt (INR t)) N sqrt_0 Sm).
  apply (Rmin_case _ _ (fun z => _ <= sqrt (INR N) * z)).
  - clear HN. induction N as [|N IH]; [simpl; rewrite sqrt_0; lra|]. rewrite sum_S.
    assert (Q : Psi (c / INR (S N)) <= Psi c).
    { replace (Psi c) with (Psi (c / 1)) by (f_equal; field). apply Psi_falls; auto.
      rewrite S_INR. pose proof (pos_INR N). lra. }
    apply Rmult_le_compat_l with (r := sqrt (INR (S N)) - sqrt (INR N)) in Q; [|specialize (Sm N); lra]. lra.
  - clear HN. induction N as [|N IH]; [simpl; rewrite sqrt_0; lra|]. rewrite sum_S.
    pose proof (area1 c Pc (sqrt (INR N)) (sqrt (INR (S N))) (conj (sqrt_pos _) (Sm N)) (sqrt_lt_R0 _ (INR_S_pos N)))
        as H.
    rewrite !Rsqr_sqrt in H by apply pos_INR. lra.
Qed.
End Increments.

(* ln y <= sqrt y - 1/sqrt y: with z = sqrt y the difference of the sides has the derivative (z-1)^2/z^2. *)
Lemma ln_root_gap z : 1 <= z -> 2 * ln z <= z - / z.
Proof.
  intros [H | <-]; [|rewrite ln_1, Rinv_1; lra].
  set (f := fun z => z - 1 / z - 2 * ln z).
  assert (D : forall y, 1 <= y <= z -> derivable_pt_lim f y (1 - (0 * y - 1 * 1) / y² - 2 * / y)).
  { intros y Hy. apply derivable_pt_lim_minus.
    - apply (derivable_pt_lim_minus id (fun z => 1 / z)); [apply derivable_pt_lim_id|].
      apply (derivable_pt_lim_div (fct_cte 1) id);
          [apply derivable_pt_lim_const | apply derivable_pt_lim_id | unfold id; lra].
    - apply (derivable_pt_lim_scal ln), derivable_pt_lim_ln. lra. }
  destruct (MVT_cor2 f _ 1 z H D) as (y & Hy & Hy1).
  assert (P : 0 <= 1 - (0 * y - 1 * 1) / y² - 2 * / y).
  { replace (1 - (0 * y - 1 * 1) / y² - 2 * / y) with ((y - 1)² * / y²) by (unfold Rsqr; field; lra).
    apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat, Rlt_0_sqr; lra]. }
  apply Rmult_le_compat_r with (r := z - 1) in P; [|lra]. unfold f in Hy. rewrite ln_1 in Hy.
  unfold Rdiv in Hy. rewrite Rinv_1 in Hy. unfold Rdiv in P. lra.
Qed.

Lemma ln_concave s p q : 0 <= s <= 1 -> 0 < p -> 0 < q -> (1 - s) * ln p + s * ln q <= ln ((1 - s) * p + s * q).
Proof.
  intros Hs Hp Hq. set (m := (1 - s) * p + s * q).
  assert (Pm : 0 < m).
  { unfold m. destruct (Req_dec s 0) as [Z | Z]; [rewrite Z; lra|].
    assert (0 <= (1 - s) * p) by (apply Rmult_le_pos; lra). assert (0 < s * q) by (apply Rmult_lt_0_compat; lra). lra. }
  assert (T : forall y, 0 < y -> ln y <= ln m + (y - m) / m).
  { intros y Hy. pose proof (ln_upper (y / m) ltac:(apply Rdiv_lt_0_compat; auto)) as H. rewrite ln_quot in H by auto.
    replace ((y - m) / m) with (y / m - 1) by (field; lra). lra. }
  pose proof (Rmult_le_compat_l (1 - s) _ _ ltac:(lra) (T p Hp)) as H1.
  pose proof (Rmult_le_compat_l s _ _ ltac:(lra) (T q Hq)) as H2.
  assert (E : (1 - s) * ((p - m) / m) + s * ((q - m) / m) = 0).
  { replace ((1 - s) * ((p - m) / m) + s * ((q - m) / m)) with (((1 - s) * p + s * q - m) / m) by (field; lra).
    unfold m at 1. unfold Rdiv. ring. }
  lra.
Qed.

(* The moments. *)
Section Moments.
Variables (x : nat -> R) (G eps beta2 : R).
Hypothesis x_low : forall t, 0 <= x t.
Hypothesis x_up : forall t, x t <= G².
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Local Notation V := (v beta2 x).
Local Notation Bt := (B x eps beta2).
Let Lam := log_range eps G.
Let l t := match t with O => 0 | S _ => ln (Bt t / INR t) - ln eps end.
Let u t := V (S t) / Bt (S t).

Local Lemma parts t : 0 <= V t /\ 0 <= tvbar beta2 x t <= INR t * G².
Proof.
  split; [apply v_nonneg; auto; lra|]. split; [apply sum_nonneg; intros s _; apply v_nonneg; auto; lra|].
  apply Rle_trans with (1 := avgrad_largest_weight beta2 x t ltac:(lra) x_low). apply sum_le_const; auto.
Qed.

Local Lemma B_positive t : 0 < Bt (S t).
Proof. apply (Bt_pos x eps beta2); auto. Qed.

Local Lemma mean_between t : eps <= Bt (S t) / INR (S t) <= eps + G².
Proof.
  pose proof (INR_S_pos t) as I. destruct (parts (S t)) as [_ P]. unfold B.
  split; apply Rmult_le_reg_r with (INR (S t)); auto;
    replace ((INR (S t) * eps + tvbar beta2 x (S t)) / INR (S t) * INR (S t))
        with (INR (S t) * eps + tvbar beta2 x (S t))
      by (field; lra); lra.
Qed.

Local Lemma Lam_split : Lam = ln (eps + G²) - ln eps.
Proof.
  unfold Lam, log_range. pose proof (Rle_0_sqr G).
  replace (1 + G² / eps) with ((eps + G²) / eps) by (field; lra). apply ln_quot; lra.
Qed.

Local Lemma Lam_nonneg : 0 <= Lam.
Proof.
  rewrite Lam_split. pose proof (Rle_0_sqr G). pose proof (ln_le_mono eps (eps + G²) eps_pos ltac:(lra)). lra.
Qed.

Local Lemma l_between t : 0 <= l t <= Lam.
Proof.
  destruct t as [|t]; [pose proof Lam_nonneg; simpl; lra|]. destruct (mean_between t) as [M1 M2].
  assert (M0 : 0 < Bt (S t) / INR (S t)) by lra.
  pose proof (ln_le_mono _ _ eps_pos M1). pose proof (ln_le_mono _ _ M0 M2). rewrite Lam_split.
  change (l (S t)) with (ln (Bt (S t) / INR (S t)) - ln eps). lra.
Qed.

(* The new denominator without v_{t+1}. *)
Local Lemma ratio_below t : u t <= ln (Bt (S t)) - ln (INR (S t) * eps + tvbar beta2 x t).
Proof.
  unfold u. destruct (parts (S t)) as [V0 _]. destruct (parts t) as [_ P].
  pose proof (Rmult_lt_0_compat _ _ (INR_S_pos t) eps_pos) as E.
  pose proof (ratio_step (INR (S t) * eps + tvbar beta2 x t) (V (S t)) ltac:(lra) V0) as R.
  unfold B. rewrite tvbar_S, <- Rplus_assoc. exact R.
Qed.

Local Lemma l_S t : l (S t) = ln (Bt (S t)) - ln (INR (S t)) - ln eps.
Proof.
  change (l (S t)) with (ln (Bt (S t) / INR (S t)) - ln eps).
  rewrite ln_quot; [ring | apply B_positive | apply INR_S_pos].
Qed.

Local Lemma linear_step t : INR (S t) * u t <= INR (S t) * l (S t) - INR t * l t.
Proof.
  pose proof (INR_S_pos t) as I. pose proof (ratio_below t) as R.
  assert (C : INR (S t) * ln (INR (S t)) + ln eps * INR (S t) + INR t * l t
              <= INR (S t) * ln (INR (S t) * eps + tvbar beta2 x t)).
  { destruct t as [|t].
    - replace (INR 1 * eps + tvbar beta2 x 0) with eps by (unfold tvbar; simpl; ring). change (INR 1) with 1.
      rewrite ln_1. simpl. lra.
    - set (n := INR (S (S t))) in *. destruct (mean_between t) as [M1 _]. pose proof (INR_S_pos t) as J.
      assert (En : n = INR (S t) + 1) by (unfold n; rewrite (S_INR (S t)); reflexivity).
      set (mean := Bt (S t) / INR (S t)) in *.
      assert (Es : 0 <= INR (S t) / n <= 1).
      { split; [left; apply Rdiv_lt_0_compat; auto|]. apply Rmult_le_reg_r with n; [auto|].
        replace (INR (S t) / n * n) with (INR (S t)) by (field; lra). lra. }
      pose proof (ln_concave (INR (S t) / n) eps mean Es eps_pos ltac:(lra)) as K.
      replace (n * eps + tvbar beta2 x (S t)) with (n * ((1 - INR (S t) / n) * eps + INR (S t) / n * mean)).
      2:{ unfold mean, B. rewrite En. field. split; lra. }
      rewrite ln_mult.
      + apply Rmult_le_compat_l with (r := n) in K; [|lra].
        replace (n * ((1 - INR (S t) / n) * ln eps + INR (S t) / n * ln mean))
          with (ln eps * n + INR (S t) * (ln mean - ln eps)) in K by (field; lra).
        change (l (S t)) with (ln mean - ln eps). lra.
      + auto.
      + apply Rlt_le_trans with eps; [auto|]. assert (0 <= INR (S t) / n * (mean - eps)) by (apply Rmult_le_pos; lra).
        lra. }
  apply Rmult_le_compat_l with (r := INR (S t)) in R; [|lra]. rewrite l_S. lra.
Qed.

Lemma linear_moments N : sum N (fun t => INR (S t) * u t) <= INR N * Lam.
Proof.
  assert (H : sum N (fun t => INR (S t) * u t) <= INR N * l N).
  { induction N as [|N IH]; [simpl; lra|]. rewrite sum_S. pose proof (linear_step N). lra. }
  apply Rle_trans with (1 := H). apply Rmult_le_compat_l; [apply pos_INR | apply l_between].
Qed.

Local Lemma root_parts t : 0 < sqrt (INR (S t)) /\ sqrt (INR (S t)) * sqrt (INR (S t)) = INR (S t)
  /\ 0 <= sqrt (INR t) <= sqrt (INR (S t)) /\ sqrt (INR t) * sqrt (INR t) = INR t.
Proof.
  pose proof (INR_S_pos t). pose proof (pos_INR t). repeat split.
  - apply sqrt_lt_R0; auto.
  - apply sqrt_sqrt; lra.
  - apply sqrt_pos.
  - apply sqrt_le_1_alt. rewrite S_INR. lra.
  - apply sqrt_sqrt; lra.
Qed.

Local Lemma root_moments_twice N : sum N (fun t => sqrt (INR (S t)) * u t) <= sqrt (INR N) * (2 * Lam).
Proof.
  assert (H : sum N (fun t => sqrt (INR (S t)) * u t) <= sqrt (INR N) * l N + sqrt (INR N) * Lam).
  { induction N as [|N IH]; [simpl; rewrite sqrt_0; lra|]. rewrite sum_S.
    destruct (root_parts N) as (Q0 & Q1 & [P0 PQ] & P1). set (q := sqrt (INR (S N))) in *. set (p := sqrt (INR N)) in *.
    pose proof (linear_step N) as S. rewrite <- Q1, <- P1 in S. destruct (l_between N) as [L0 L1].
    assert (K : q * u N <= q * l (Datatypes.S N) - p * (p / q) * l N).
    { apply Rmult_le_reg_l with q; [auto|].
      replace (q * (q * l (Datatypes.S N) - p * (p / q) * l N))
          with (q * q * l (Datatypes.S N) - p * p * l N) by (field; lra).
      lra. }
    (* p - p^2/q <= q - p *)
    assert (J : p - p * (p / q) <= q - p).
    { replace (p - p * (p / q)) with (p / q * (q - p)) by (field; lra). rewrite <- (Rmult_1_l (q - p)) at 2.
      apply Rmult_le_compat_r; [lra|]. apply Rmult_le_reg_r with q; [auto|].
      replace (p / q * q) with p by (field; lra). lra. }
    apply Rmult_le_compat_r with (r := l N) in J; [|auto].
    assert (J2 : (q - p) * l N <= (q - p) * Lam) by (apply Rmult_le_compat_l; lra). lra. }
  pose proof (l_between N) as [_ L1]. apply Rmult_le_compat_l with (r := sqrt (INR N)) in L1; [lra | apply sqrt_pos].
Qed.

Local Lemma root_moments_once N : sum N (fun t => sqrt (INR (S t)) * u t) <= sqrt (INR N) * (Lam + 2).
Proof.
  destruct N as [|N]; [simpl; rewrite sqrt_0; lra|].
  assert (H : sum (S N) (fun t => sqrt (INR (S t)) * u t)
              <= sqrt (INR (S N)) * l (S N) + sum N (fun t => / sqrt (INR (S t)))).
  { induction N as [|N IH].
    - pose proof (linear_step 0) as S. rewrite sum_S. change (sum 0 _) with 0.
      change (sum 0 (fun t => / sqrt (INR (Datatypes.S t)))) with 0.
      change (INR 1) with 1 in *. change (INR 0) with 0 in S. rewrite sqrt_1. lra.
    - rewrite (sum_S (S N)), (sum_S N (fun t => / sqrt (INR (S t)))).
      destruct (root_parts (S N)) as (Q0 & Q1 & [P0 PQ] & P1). destruct (root_parts N) as (P2 & _).
      set (q := sqrt (INR (S (S N)))) in *. set (p := sqrt (INR (S N))) in *.
      assert (K : u (S N) <= l (S (S N)) - l (S N) + 2 * ln (q / p)).
      { pose proof (ratio_below (S N)) as R. pose proof (B_positive N) as PB.
        assert (M : ln (Bt (S N)) <= ln (INR (S (S N)) * eps + tvbar beta2 x (S N))).
        { apply ln_le_mono; [auto|]. unfold B. rewrite (S_INR (S N)). lra. }
        rewrite !l_S, ln_quot by auto. rewrite <- Q1, <- P1, !ln_mult by auto. lra. }
      pose proof (ln_root_gap (q / p)) as R.
      assert (R1 : 1 <= q / p).
      { apply Rmult_le_reg_r with p; [auto|]. replace (q / p * p) with q by (field; lra). lra. }
      specialize (R R1). apply Rmult_le_compat_l with (r := q) in K; [|lra].
      apply Rmult_le_compat_l with (r := q) in R; [|lra].
      (* q (q/p - p/q) = (q^2 - p^2)/p = 1/p *)
      assert (E : q * (q / p - / (q / p)) = / p).
      { replace (q * (q / p - / (q / p))) with ((q * q - p * p) / p) by (field; lra).
        rewrite Q1, P1, (S_INR (S N)). field. lra. }
      rewrite E in R. destruct (l_between (S N)) as [L0 _].
      assert (J : p * l (S N) <= q * l (S N)) by (apply Rmult_le_compat_r; lra). lra. }
  pose proof (inverse_root_sum N) as I. destruct (root_parts N) as (Q0 & _ & [P0 PQ] & _).
  pose proof (l_between (S N)) as [_ L1]. apply Rmult_le_compat_l with (r := sqrt (INR (S N))) in L1; lra.
Qed.
End Moments.

Local Lemma at_zero : Psi 0 = 0 /\ Psi1 0 = 0 /\ Psi2 0 = 0.
Proof.
  unfold Psi, Psi1, Psi2. rewrite Rmin_left, Rmax_right, sqrt_0, ln_1 by lra. repeat split; ring.
Qed.

Section Sums.
Variables (x : nat -> R) (G eps beta2 : R) (T : nat).
Hypothesis x_low : forall t, 0 <= x t.
Hypothesis x_up : forall t, x t <= G².
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis T_pos : (0 < T)%nat.
Local Notation V := (v beta2 x).
Local Notation Bt := (B x eps beta2).
Let w := 1 - beta2.
Let c := 2 * w * G² / eps.

Local Lemma split_terms (s : nat -> R) : sum T (fun t => s (S t) * (x t / Bt (S t)))
  = sum T (fun t => s (S t) * (V (S t) / Bt (S t)))
    + beta2 / w * sum T (fun t => s (S t) * ((V (S t) - V t) / Bt (S t))).
Proof.
  rewrite <- sum_scal, <- sum_plus. apply sum_ext; intros t _. simpl v.
  pose proof (Bt_pos x eps beta2 x_low eps_pos beta2_01 t). unfold w. field; repeat split; lra.
Qed.

Local Lemma factor : 0 <= beta2 / w.
Proof. unfold w. apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]. Qed.

Local Lemma no_gradients (s : nat -> R) : G² = 0 -> sum T (fun t => s (S t) * (x t / Bt (S t))) = 0.
Proof.
  intros Z. transitivity (sum T (fun _ => 0)); [|rewrite sum_const; ring]. apply sum_ext; intros t _.
  replace (x t) with 0 by (specialize (x_low t); specialize (x_up t); lra). unfold Rdiv; ring.
Qed.

Local Lemma range_at_zero : G² = 0 -> log_range eps G = 0.
Proof. intros Z. unfold log_range. rewrite Z. unfold Rdiv. rewrite Rmult_0_l, Rplus_0_r. apply ln_1. Qed.

Local Lemma linear_in : sum T (fun t => INR (S t) * (x t / Bt (S t))) <= INR T * S2 (INR T) G eps beta2.
Proof.
  unfold S2. fold w c. destruct (Req_dec (G²) 0) as [Z | NZ].
  - rewrite (no_gradients INR Z), range_at_zero by auto. destruct at_zero as (Z0 & _ & Z2).
    replace c with 0 by (unfold c; rewrite Z; unfold Rdiv; ring).
    replace (0 / INR T) with 0 by (unfold Rdiv; ring). rewrite Z0, Z2, Rmin_left by lra. lra.
  - rewrite (split_terms INR), Rmult_plus_distr_l. apply Rplus_le_compat.
    + apply (linear_moments x G eps beta2); auto.
    + replace (INR T * (beta2 / w * Rmin (Psi c) (Psi2 (c / INR T)))) with
        (beta2 / w * (INR T * Rmin (Psi c) (Psi2 (c / INR T)))) by ring.
      apply Rmult_le_compat_l; [apply factor|]. pose proof (Rle_0_sqr G).
      apply (linear_increments x G eps beta2); auto. lra.
Qed.

Local Lemma root_in : sum T (fun t => sqrt (INR (S t)) * (x t / Bt (S t))) <= sqrt (INR T) * S1 (INR T) G eps beta2.
Proof.
  unfold S1. fold w c. destruct (Req_dec (G²) 0) as [Z | NZ].
  - rewrite (no_gradients (fun t => sqrt (INR t)) Z), range_at_zero by auto. destruct at_zero as (Z0 & Z1 & _).
    replace c with 0 by (unfold c; rewrite Z; unfold Rdiv; ring).
    replace (0 / INR T) with 0 by (unfold Rdiv; ring). rewrite Z0, Z1, (Rmin_left 0), Rmin_right by lra. lra.
  - rewrite (split_terms (fun t => sqrt (INR t))), Rmult_plus_distr_l. apply Rplus_le_compat.
    + apply (Rmin_case _ _ (fun z => _ <= sqrt (INR T) * z)).
      * apply (root_moments_once x G eps beta2); auto.
      * apply (root_moments_twice x G eps beta2); auto.
    + replace (sqrt (INR T) * (beta2 / w * Rmin (Psi c) (Psi1 (c / INR T)))) with
        (beta2 / w * (sqrt (INR T) * Rmin (Psi c) (Psi1 (c / INR T)))) by ring.
      apply Rmult_le_compat_l; [apply factor|]. pose proof (Rle_0_sqr G).
      apply (root_increments x G eps beta2); auto. lra.
Qed.
End Sums.

Theorem avgrad_horizon_sum x G eps beta2 T :
  (forall t, 0 <= x t) -> (forall t, x t <= G²) -> 0 < eps -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  sum T (fun t => INR (S t) / INR T * (x t / B x eps beta2 (S t))) <= S2 (INR T) G eps beta2.
Proof.
  intros Hl Hu He Hb HT. pose proof (lt_0_INR T HT) as PT.
  apply Rmult_le_reg_l with (INR T); [auto|]. apply Rle_trans with (2 := linear_in x G eps beta2 T Hl Hu He Hb HT).
  right. rewrite <- sum_scal. apply sum_ext; intros t _. field. split; [|lra].
  pose proof (Bt_pos x eps beta2 Hl He Hb t). lra.
Qed.

Theorem avgrad_horizon_sum_root x G eps beta2 T :
  (forall t, 0 <= x t) -> (forall t, x t <= G²) -> 0 < eps -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  sum T (fun t => sqrt (INR (S t) / INR T) * (x t / B x eps beta2 (S t))) <= S1 (INR T) G eps beta2.
Proof.
  intros Hl Hu He Hb HT. pose proof (lt_0_INR T HT) as PT. pose proof (sqrt_lt_R0 _ PT) as PsT.
  apply Rmult_le_reg_l with (sqrt (INR T)); [auto|].
  apply Rle_trans with (2 := root_in x G eps beta2 T Hl Hu He Hb HT).
  right. rewrite <- sum_scal. apply sum_ext; intros t _. rewrite sqrt_div_alt by auto. field. split; [|lra].
  pose proof (Bt_pos x eps beta2 Hl He Hb t). lra.
Qed.
