(* T6 for a constant rho in (0,1): bounds on the two sums from constants alone. With c_t = sqrt(w_t)/t and s = sqrt(w_T)
   for K1 = sum sqrt(w_t) g_t^2/b_t, and c_t = 1/t and s = 1 for K2 = sum g_t^2/b_t, each is at most the smallest of
     Adam part    c_1 ln(1+rho G^2/eps)/(rho w) + (-ln beta2/(rho w)) sum c_t    from b_t >= t(eps + rho v_t), L2 (b);
     AVGrad part  s ln(1+kTG^2/eps)/k, k = (1-rho) w                             from b_t >= eps + k sum g^2, L2 (a);
     trivial      (G^2/eps) sum c_t                                              from b_t >= t eps;
     both         the first two with eps/2 each, K_A K_B/(K_A + K_B)             by L7. *)
From Coq Require Import Reals Lra Lia Psatz List.
From Mada Require Import Sums Logarithm RatioSums HarmonicSums DecreasingWeights AVGradWeights AVGradRatioSum AdamRate.
From Mada Require Import Expectation Setting Decoupling Paths DecoupledRate InterpolationRate.
Import ListNotations.
Local Open Scope R_scope.

Definition adam_part (c : nat -> R) (T : nat) (G eps beta2 rho : R) : R :=
  c O * (ln (1 + rho * G² / eps) / (rho * (1 - beta2))) + - ln beta2 / (rho * (1 - beta2)) * sum T c.
Definition avgrad_part (s T G eps beta2 rho : R) : R :=
  s * (ln (1 + (1 - rho) * (1 - beta2) * T * G² / eps) / ((1 - rho) * (1 - beta2))).
Definition trivial_part (c : nat -> R) (T : nat) (G eps : R) : R := G² / eps * sum T c.
Definition both (a b : R) : R := a * b / (a + b).
Definition smallest (c : nat -> R) (s : R) (T : nat) (G eps beta2 rho : R) : R :=
  Rmin (Rmin (adam_part c T G eps beta2 rho) (avgrad_part s (INR T) G eps beta2 rho))
       (Rmin (trivial_part c T G eps)
             (both (adam_part c T G (eps / 2) beta2 rho) (avgrad_part s (INR T) G (eps / 2) beta2 rho))).

(* w_t of step t+1. *)
Definition w_at (beta2 rho : R) (t : nat) : R := (1 - beta2) * (rho * INR (S t) + 1 - rho).
Definition constant_K1 (T : nat) (G eps beta2 rho : R) : R :=
  smallest (fun t => sqrt (w_at beta2 rho t) / INR (S t)) (sqrt ((1 - beta2) * (rho * INR T + 1 - rho))) T G eps beta2 rho.
Definition constant_K2 (T : nat) (G eps beta2 rho : R) : R := smallest (fun t => / INR (S t)) 1 T G eps beta2 rho.

Lemma v_scal beta2 r x t : v beta2 (fun t => r * x t) t = r * v beta2 x t.
Proof. induction t as [|t IH]; simpl; [ring|]. rewrite IH. ring. Qed.

(* Summation by parts against decreasing weights. *)
Lemma abel c y p q T : (forall t, 0 <= c t) -> (forall t, c (S t) <= c t) ->
  (forall N, sum (S N) y <= p + INR N * q) -> 0 <= q ->
  sum T (fun t => c t * y t) <= c O * p + q * sum T c \/ T = O.
Proof.
  intros Hc Hm Hy Hq. destruct T as [|T]; [right; auto | left].
  assert (H : sum (S T) (fun t => c t * y t)
              <= c O * p + q * (sum (S T) c - c O) - c T * (p + INR T * q - sum (S T) y)).
  { induction T as [|T IH].
    - simpl. lra.
    - rewrite (sum_S (S T)), (sum_S (S T) c), (sum_S (S T) y), S_INR.
      pose proof (Hy T). pose proof (Hm T). pose proof (Hc (S T)).
      assert (c (S T) * (p + INR T * q - sum (S T) y) <= c T * (p + INR T * q - sum (S T) y))
        by (apply Rmult_le_compat_r; lra). lra. }
  pose proof (Hy T). pose proof (Hc T). pose proof (Hc O).
  assert (0 <= c T * (p + INR T * q - sum (S T) y)) by (apply Rmult_le_pos; lra).
  assert (0 <= q * c O) by (apply Rmult_le_pos; lra). lra.
Qed.

Section Sums.
Variables (x : nat -> R) (G eps beta2 rho : R) (c : nat -> R) (s : R) (T : nat).
Hypothesis x_low : forall t, 0 <= x t.
Hypothesis x_up : forall t, x t <= G².
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 < beta2 < 1.
Hypothesis rho_01 : 0 < rho < 1.
Hypothesis c_pos : forall t, 0 < c t.
Hypothesis c_mono : forall t, c (S t) <= c t.
Hypothesis s_up : forall t, (t < T)%nat -> c t * INR (S t) <= s.
Hypothesis T_pos : (0 < T)%nat.

Let k := (1 - rho) * (1 - beta2).
Let b t := INR (S t) * (eps + rho * v beta2 x (S t)) + (1 - rho) * tvbar beta2 x (S t).
(* The two parts of b, each with its own e. *)
Let a_part e t := INR (S t) * (e + rho * v beta2 x (S t)).
Let b_part e t := e + k * sum (S t) x.

Local Lemma k_pos : 0 < k.
Proof. unfold k. apply Rmult_lt_0_compat; lra. Qed.
Local Lemma V_nonneg t : 0 <= v beta2 x t.
Proof. apply v_nonneg; [lra | auto]. Qed.
Local Lemma S_nonneg t : 0 <= sum t x.
Proof. apply sum_nonneg; auto. Qed.
Local Lemma kS_le t : k * sum t x <= (1 - rho) * tvbar beta2 x t.
Proof.
  unfold k. rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|]. apply avgrad_least_weight; [lra | auto].
Qed.
Local Lemma a_pos e t : 0 < e -> 0 < a_part e t.
Proof.
  intros He. unfold a_part. pose proof (INR_S_pos t). pose proof (V_nonneg (S t)).
  apply Rmult_lt_0_compat; [auto | nra].
Qed.
Local Lemma b_pos e t : 0 < e -> 0 < b_part e t.
Proof. intros He. unfold b_part. pose proof (S_nonneg (S t)). pose proof k_pos. nra. Qed.

Local Lemma adam_sum e : 0 < e ->
  sum T (fun t => c t * INR (S t) * (x t / a_part e t)) <= adam_part c T G e beta2 rho.
Proof.
  intros He. set (w := rho * (1 - beta2)). assert (Hw : 0 < w) by (unfold w; apply Rmult_lt_0_compat; lra).
  assert (Hl : ln beta2 <= 0) by (rewrite <- ln_1; apply ln_le_mono; lra).
  apply Rle_trans with (sum T (fun t => c t * (x t / (e + rho * v beta2 x (S t))))).
  - right. apply sum_ext; intros t _. unfold a_part. pose proof (INR_S_pos t). pose proof (V_nonneg (S t)).
    field. split; [nra | lra].
  - destruct (abel c (fun t => x t / (e + rho * v beta2 x (S t))) (ln (1 + rho * G² / e) / w) (- ln beta2 / w) T
      ltac:(intros; left; auto) c_mono) as [H | H].
    + intros N. pose proof (adam_ratio_sum (S N) (fun t => rho * x t) (rho * G²) e beta2 ltac:(lia) He beta2_01
        ltac:(intros t; pose proof (x_low t); pose proof (x_up t); split; nra)) as H.
      apply Rmult_le_reg_l with rho; [lra|]. rewrite <- sum_scal.
      replace (sum (S N) (fun t => rho * (x t / (e + rho * v beta2 x (S t)))))
        with (sum (S N) (fun t => rho * x t / (e + v beta2 (fun t => rho * x t) (S t))))
        by (apply sum_ext; intros; rewrite v_scal; unfold Rdiv; ring).
      apply Rle_trans with (1 := H). right. rewrite S_INR. unfold w. field. lra.
    + apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto].
    + exact H.
    + lia.
Qed.

Local Lemma avgrad_sum e : 0 < e ->
  sum T (fun t => c t * INR (S t) * (x t / b_part e t)) <= avgrad_part s (INR T) G e beta2 rho.
Proof.
  intros He. pose proof k_pos as Hk. unfold avgrad_part. fold k.
  assert (Hs : 0 <= s).
  { apply Rle_trans with (2 := s_up 0 T_pos). pose proof (c_pos O). pose proof (INR_S_pos 0). nra. }
  apply Rle_trans with (s * (/ k * sum T (fun t => k * x t / (e + sum (S t) (fun t => k * x t))))).
  - rewrite <- !sum_scal. apply sum_le; intros t Ht. rewrite sum_scal. fold (b_part e t).
    pose proof (b_pos e t He). replace (/ k * (k * x t / b_part e t)) with (x t / b_part e t) by (field; lra).
    apply Rmult_le_compat_r; [|auto]. apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; auto].
  - apply Rmult_le_compat_l; [auto|]. unfold Rdiv at 2. rewrite (Rmult_comm (ln _)).
    apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto|].
    assert (P : forall t, 0 <= k * x t) by (intros; apply Rmult_le_pos; [lra | auto]).
    apply Rle_trans with (1 := ratio_sum T (fun t => k * x t) e He P).
    assert (0 < / e) by (apply Rinv_0_lt_compat; auto). pose proof (S_nonneg T).
    assert (0 <= k * sum T x) by (apply Rmult_le_pos; lra).
    rewrite sum_scal. apply ln_le_mono; unfold Rdiv; [nra|]. apply Rplus_le_compat_l, Rmult_le_compat_r; [lra|].
    rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|]. apply sum_le_const; auto.
Qed.

Local Lemma below (D : nat -> R) : (forall t, 0 < D t <= b t) ->
  sum T (fun t => c t * INR (S t) * (x t / b t)) <= sum T (fun t => c t * INR (S t) * (x t / D t)).
Proof.
  intros HD. apply sum_le; intros t _. pose proof (c_pos t). pose proof (INR_S_pos t). destruct (HD t).
  apply Rmult_le_compat_l; [nra|]. apply ratio_le; auto.
Qed.

Lemma constant_sum : sum T (fun t => c t * INR (S t) * (x t / b t)) <= smallest c s T G eps beta2 rho.
Proof.
  assert (Hn : forall t, 1 <= INR (S t)) by (intros t; rewrite S_INR; pose proof (pos_INR t); lra).
  assert (Hv : forall t, 0 <= rho * v beta2 x (S t)) by (intros; apply Rmult_le_pos; [lra | apply V_nonneg]).
  assert (Hk : forall t, 0 <= k * sum t x) by (intros; apply Rmult_le_pos; [pose proof k_pos; lra | apply S_nonneg]).
  unfold smallest. repeat apply Rmin_glb.
  - apply Rle_trans with (2 := adam_sum eps eps_pos). apply below. intros t. split; [apply a_pos; auto|].
    unfold a_part, b. pose proof (kS_le (S t)). pose proof (Hk (S t)). lra.
  - apply Rle_trans with (2 := avgrad_sum eps eps_pos). apply below. intros t. split; [apply b_pos; auto|].
    unfold b_part, b. pose proof (kS_le (S t)). pose proof (Hn t). pose proof (Hv t). nra.
  - unfold trivial_part. rewrite <- sum_scal. apply sum_le; intros t _. pose proof (Hn t). pose proof (c_pos t).
    pose proof (x_up t). pose proof (x_low t). assert (Hb : INR (S t) * eps <= b t).
    { unfold b. pose proof (kS_le (S t)). pose proof (Hk (S t)). pose proof (Hv t). nra. }
    assert (P : 0 < INR (S t) * eps) by nra.
    replace (G² / eps * c t) with (c t * INR (S t) * (G² / (INR (S t) * eps))) by (field; lra).
    apply Rmult_le_compat_l; [nra|]. apply Rmult_le_compat; auto;
      [left; apply Rinv_0_lt_compat; lra | apply Rinv_le_contravar; lra].
  - assert (He : 0 < eps / 2) by lra.
    pose proof (adam_sum (eps / 2) He) as HA. pose proof (avgrad_sum (eps / 2) He) as HB.
    set (KA := adam_part c T G (eps / 2) beta2 rho) in *. set (KB := avgrad_part s (INR T) G (eps / 2) beta2 rho) in *.
    assert (N : forall D, (forall t, 0 < D t) -> 0 <= sum T (fun t => c t * INR (S t) * (x t / D t))).
    { intros D HD. apply sum_nonneg; intros t _. pose proof (c_pos t). pose proof (Hn t). apply Rmult_le_pos; [nra|].
      apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; auto]. }
    pose proof (N (a_part (eps / 2)) (fun t => a_pos _ t He)) as NA.
    pose proof (N (b_part (eps / 2)) (fun t => b_pos _ t He)) as NB.
    assert (PA : 0 < KA).
    { unfold KA, adam_part. assert (Hl : ln beta2 < 0) by (rewrite <- ln_1; apply ln_increasing; lra).
      assert (Hw : 0 < rho * (1 - beta2)) by (apply Rmult_lt_0_compat; lra).
      assert (0 < - ln beta2 / (rho * (1 - beta2))) by (apply Rdiv_lt_0_compat; lra).
      assert (0 <= ln (1 + rho * G² / (eps / 2)) / (rho * (1 - beta2))).
      { apply Rmult_le_pos; [|left; apply Rinv_0_lt_compat; auto]. apply ln_nonneg.
        assert (0 <= rho * G² / (eps / 2)); [|lra].
        apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply Rle_0_sqr] | left; apply Rinv_0_lt_compat; lra]. }
      assert (0 < sum T c).
      { destruct T as [|T']; [lia|]. rewrite sum_S. pose proof (c_pos T').
        assert (0 <= sum T' c) by (apply sum_nonneg; intros; left; auto). lra. }
      pose proof (c_pos O). nra. }
    assert (PB : 0 <= KB) by lra. set (h := KB / (KA + KB)).
    apply Rle_trans with (h ^ 2 * KA + (1 - h) ^ 2 * KB).
    + apply Rle_trans with (h ^ 2 * sum T (fun t => c t * INR (S t) * (x t / a_part (eps / 2) t))
                            + (1 - h) ^ 2 * sum T (fun t => c t * INR (S t) * (x t / b_part (eps / 2) t))).
      * rewrite <- !sum_scal, <- sum_plus. apply sum_le; intros t _.
        pose proof (a_pos (eps / 2) t He) as Pa. pose proof (b_pos (eps / 2) t He) as Pb.
        pose proof (harmonic_split _ _ h Pa Pb) as H. pose proof (c_pos t). pose proof (Hn t). pose proof (x_low t).
        assert (Hab : a_part (eps / 2) t + b_part (eps / 2) t <= b t).
        { unfold a_part, b_part, b. pose proof (kS_le (S t)). nra. }
        apply Rle_trans with (c t * INR (S t) * x t * (1 / (a_part (eps / 2) t + b_part (eps / 2) t))).
        -- replace (c t * INR (S t) * (x t / b t)) with (c t * INR (S t) * x t * / b t) by (unfold Rdiv; ring).
           unfold Rdiv. rewrite Rmult_1_l. apply Rmult_le_compat_l; [apply Rmult_le_pos; nra|].
           apply Rinv_le_contravar; lra.
        -- apply (Rmult_le_compat_l (c t * INR (S t) * x t)) in H; [|apply Rmult_le_pos; nra].
           apply Rle_trans with (1 := H). right. field. lra.
      * pose proof (pow2_ge_0 h). pose proof (pow2_ge_0 (1 - h)).
        apply Rplus_le_compat; apply Rmult_le_compat_l; lra.
    + right. unfold both, h. field. lra.
Qed.
End Sums.

(* The weights of K1 do not increase. *)
Lemma w_at_pos beta2 rho t : 0 < beta2 < 1 -> 0 < rho < 1 -> 0 < w_at beta2 rho t.
Proof.
  intros Hb Hr. unfold w_at. pose proof (INR_S_pos t). apply Rmult_lt_0_compat; [lra|].
  assert (0 < rho * INR (S t)) by (apply Rmult_lt_0_compat; lra). lra.
Qed.

Lemma weights_decrease beta2 rho t : 0 < beta2 < 1 -> 0 < rho < 1 ->
  sqrt (w_at beta2 rho (S t)) / INR (S (S t)) <= sqrt (w_at beta2 rho t) / INR (S t).
Proof.
  intros Hb Hr. pose proof (w_at_pos beta2 rho t Hb Hr) as W0. pose proof (w_at_pos beta2 rho (S t) Hb Hr) as W1.
  unfold w_at in *. rewrite (S_INR (S t)) in *. pose proof (INR_S_pos t).
  assert (N1 : 1 <= INR (S t)) by (rewrite S_INR; pose proof (pos_INR t); lra). set (m := INR (S t)) in *.
  set (a := (1 - beta2) * (rho * (m + 1) + 1 - rho)) in *. set (b := (1 - beta2) * (rho * m + 1 - rho)) in *.
  apply Rmult_le_reg_r with (m * (m + 1)); [nra|].
  replace (sqrt a / (m + 1) * (m * (m + 1))) with (sqrt a * sqrt (m²)) by (rewrite sqrt_Rsqr by lra; field; lra).
  replace (sqrt b / m * (m * (m + 1))) with (sqrt b * sqrt ((m + 1)²)) by (rewrite sqrt_Rsqr by lra; field; lra).
  rewrite <- !sqrt_mult by (try apply Rle_0_sqr; lra). apply sqrt_le_1_alt. unfold a, b. rewrite !Rmult_assoc.
  apply Rmult_le_compat_l; [lra|].
  assert (0 <= rho * (m * (m - 1))) by (apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra]). unfold Rsqr. nra.
Qed.

(* A weighted sum of quotients along a path. *)
Lemma path_sum_weighted e f den Den h :
  (forall x y t, (forall s, (s < t)%nat -> x s = y s) -> Den x t = Den y t) ->
  (forall k h, den k h = Den (along f (k :: h)) (S (length h))) ->
  path_sum (fun k h => e (length h) * (f k h / den k h)) h
  = sum (length h) (fun t => e t * (along f h t / Den (along f h) (S t))).
Proof.
  intros Hext Hden. induction h as [|k h IH]; [reflexivity|].
  change (length (k :: h)) with (S (length h)). rewrite sum_S, along_last, <- Hden.
  cbn [path_sum]. rewrite IH. f_equal. apply sum_ext; intros t Ht. rewrite along_before by auto. do 2 f_equal.
  apply Hext; intros s Hs. rewrite along_before; [auto | lia].
Qed.

Section Rate.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta2 rho : R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 < beta2 < 1.
Hypothesis rho_01 : 0 < rho < 1.

Let X := mixed_point g eps alpha beta2 (fun _ => rho) x0.
Let sq := square g X.
Let Den x t := INR t * (eps + rho * v beta2 x t) + (1 - rho) * tvbar beta2 x t.

Local Lemma den_path i k h : mixed_b g eps alpha beta2 (fun _ => rho) x0 i k h
  = Den (along (sq i) (k :: h)) (S (length h)).
Proof.
  unfold mixed_b, Den. change (S (length h)) with (length (k :: h)).
  rewrite <- (v_along beta2 (sq i) (fun h => mixed_v (mixed g eps alpha beta2 (fun _ => rho) x0 h) i)) by reflexivity.
  rewrite <- (tvbar_along beta2 (sq i) (fun h => mixed_v (mixed g eps alpha beta2 (fun _ => rho) x0 h) i)
    (fun h => mixed_s (mixed g eps alpha beta2 (fun _ => rho) x0 h) i)) by reflexivity.
  reflexivity.
Qed.

Local Lemma den_ext x y t : (forall s, (s < t)%nat -> x s = y s) -> Den x t = Den y t.
Proof. intros E. unfold Den. rewrite (v_ext beta2 x y t E), (tvbar_ext beta2 x y t E). reflexivity. Qed.

Local Lemma between i h : valid n h -> (i < d)%nat -> forall t, 0 <= along (sq i) h t <= G².
Proof.
  intros Hv Hi. apply along_between with (n := n); auto; [pose proof (Rle_0_sqr G); lra|].
  intros k h' Hk _. split; [apply Rle_0_sqr | apply (gsq_le A); auto].
Qed.

Local Lemma weighted_bound i h : valid n h -> (i < d)%nat -> (0 < length h)%nat ->
  mixed_weighted_sum g eps alpha beta2 (fun _ => rho) x0 i h <= constant_K1 (length h) G eps beta2 rho.
Proof.
  intros Hv Hi HT. pose proof (between i h Hv Hi) as H. unfold mixed_weighted_sum.
  change (fun k h => sqrt (mixed_w beta2 (fun _ => rho) h) * (square g (mixed_point g eps alpha beta2 (fun _ => rho) x0)
    i k h / mixed_b g eps alpha beta2 (fun _ => rho) x0 i k h))
    with (fun k h => (fun t => sqrt (w_at beta2 rho t)) (length h)
      * (sq i k h / mixed_b g eps alpha beta2 (fun _ => rho) x0 i k h)).
  rewrite (path_sum_weighted _ (sq i) _ Den h den_ext (den_path i)). set (x := along (sq i) h) in *.
  apply Rle_trans with (2 := constant_sum x G eps beta2 rho (fun t => sqrt (w_at beta2 rho t) / INR (S t))
    (sqrt ((1 - beta2) * (rho * INR (length h) + 1 - rho))) (length h)
    ltac:(apply H) ltac:(apply H) eps_pos beta2_01 rho_01
    ltac:(intros t; apply Rdiv_lt_0_compat; [apply sqrt_lt_R0, w_at_pos; auto | apply INR_S_pos])
    ltac:(intros t; apply weights_decrease; auto)
    ltac:(intros t Ht; pose proof (INR_S_pos t); cbv beta; replace (sqrt (w_at beta2 rho t) / INR (S t) * INR (S t))
            with (sqrt (w_at beta2 rho t)) by (field; lra);
          apply sqrt_le_1_alt; unfold w_at; assert (INR (S t) <= INR (length h)) by (apply le_INR; lia);
          apply Rmult_le_compat_l; nra) HT).
  right. apply sum_ext; intros t _. unfold Den. pose proof (INR_S_pos t). f_equal. field. lra.
Qed.

Local Lemma plain_bound i h : valid n h -> (i < d)%nat -> (0 < length h)%nat ->
  mixed_sum g eps alpha beta2 (fun _ => rho) x0 i h <= constant_K2 (length h) G eps beta2 rho.
Proof.
  intros Hv Hi HT. pose proof (between i h Hv Hi) as H. unfold mixed_sum. fold X. fold (sq i).
  change (fun k h => square g X i k h / mixed_b g eps alpha beta2 (fun _ => rho) x0 i k h)
    with (fun k h => sq i k h / mixed_b g eps alpha beta2 (fun _ => rho) x0 i k h).
  rewrite (path_sum_quotient (sq i) _ Den h den_ext (den_path i)). set (x := along (sq i) h) in *.
  apply Rle_trans with (2 := constant_sum x G eps beta2 rho (fun t => / INR (S t)) 1 (length h)
    ltac:(apply H) ltac:(apply H) eps_pos beta2_01 rho_01
    ltac:(intros t; apply Rinv_0_lt_compat, INR_S_pos)
    ltac:(intros t; apply Rinv_le_contravar; [apply INR_S_pos | apply le_INR; lia])
    ltac:(intros t Ht; pose proof (INR_S_pos t); right; field; lra) HT).
  right. apply sum_ext; intros t _. unfold Den. pose proof (INR_S_pos t). rewrite Rinv_l, Rmult_1_l by lra. reflexivity.
Qed.

Lemma constant_rate c K T : 0 < alpha -> 0 < c -> 0 <= K -> decoupling c K -> (0 < T)%nat ->
  mean_squared_gradient n p d gF X T
  <= mixed_right c K (constant_K1 T G eps beta2 rho) (constant_K2 T G eps beta2 rho)
       (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof.
  intros Ha Hc HK L1 HT. apply (interpolation_rate_bounded n p d F gF L Fstar g G A); auto; try lra.
  - intros _. lra.
  - intros h i Hv Hl Hi. subst T. apply weighted_bound; auto.
  - intros h i Hv Hl Hi. subst T. apply plain_bound; auto.
Qed.
End Rate.

Theorem interpolation_constant_rate n p d F gF L Fstar g G eps alpha beta2 rho x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 < beta2 < 1 -> 0 < rho < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (mixed_point g eps alpha beta2 (fun _ => rho) x0) T
  <= mixed_right 1 (2 / 5) (constant_K1 T G eps beta2 rho) (constant_K2 T G eps beta2 rho)
       (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof. intros. apply constant_rate; auto; try lra. apply decoupling_sharp. Qed.

Theorem interpolation_constant_rate_published n p d F gF L Fstar g G eps alpha beta2 rho x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 < beta2 < 1 -> 0 < rho < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (mixed_point g eps alpha beta2 (fun _ => rho) x0) T
  <= mixed_right (1 / 2) 2 (constant_K1 T G eps beta2 rho) (constant_K2 T G eps beta2 rho)
       (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof. intros. apply constant_rate; auto; try lra. apply decoupling_published. Qed.
