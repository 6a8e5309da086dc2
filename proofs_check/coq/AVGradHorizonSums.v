(* T5c's sums of AVGrad with a known horizon, 0 <= x_t
    <= G^2, B_t = t eps + t vbar_t, c = 2wG^2/eps, Lam = ln(1+G^2/eps):
       sum sqrt(t/T) x_t/B_t <= S1 = min(Lam + 2, 2 Lam) + (beta2/w) min(Psi(c), Psi1(c/T)),
       sum (t/T) x_t/B_t     <= S2 = Lam + (beta2/w) min(Psi(c), Psi2(c/T)),      x_t = v_t + (beta2/w)(v_t - v_{t-1}).
   The part v_t: with l_t = ln((eps + vbar_t)/eps) <= Lam, t v_t/B_t <= t l_t - (t-1) l_{t-1} (ln is concave) and
   v_t/B_t <= l_t - l_{t-1} + ln(t/(t-1)), ln(t/(t-1)) <= 1/sqrt(t(t-1)). *)
From Coq Require Import Reals Lra Lia.
From Mada Require Import Sums Logarithm RatioSums DecreasingWeights AVGradWeights AVGradRatioSum AMSGradRate.
From Mada Require Import LogarithmRatio AVGradHorizonIncrements.
Local Open Scope R_scope.

Definition S1 (T G eps beta2 : R) : R :=
  Rmin (log_range eps G + 2) (2 * log_range eps G)
  + beta2 / (1 - beta2) * Rmin (Psi (2 * (1 - beta2) * G² / eps)) (Psi1 (2 * (1 - beta2) * G² / eps / T)).
Definition S2 (T G eps beta2 : R) : R :=
  log_range eps G
  + beta2 / (1 - beta2) * Rmin (Psi (2 * (1 - beta2) * G² / eps)) (Psi2 (2 * (1 - beta2) * G² / eps / T)).

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
Proof. apply (AVGradHorizonIncrements.Bt_pos x eps beta2); auto. Qed.

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
  pose proof (AVGradHorizonIncrements.Bt_pos x eps beta2 x_low eps_pos beta2_01 t). unfold w. field; repeat split; lra.
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
  pose proof (AVGradHorizonIncrements.Bt_pos x eps beta2 Hl He Hb t). lra.
Qed.

Theorem avgrad_horizon_sum_root x G eps beta2 T :
  (forall t, 0 <= x t) -> (forall t, x t <= G²) -> 0 < eps -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  sum T (fun t => sqrt (INR (S t) / INR T) * (x t / B x eps beta2 (S t))) <= S1 (INR T) G eps beta2.
Proof.
  intros Hl Hu He Hb HT. pose proof (lt_0_INR T HT) as PT. pose proof (sqrt_lt_R0 _ PT) as PsT.
  apply Rmult_le_reg_l with (sqrt (INR T)); [auto|].
  apply Rle_trans with (2 := root_in x G eps beta2 T Hl Hu He Hb HT).
  right. rewrite <- sum_scal. apply sum_ext; intros t _. rewrite sqrt_div_alt by auto. field. split; [|lra].
  pose proof (AVGradHorizonIncrements.Bt_pos x eps beta2 Hl He Hb t). lra.
Qed.
