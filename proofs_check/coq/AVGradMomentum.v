(* T5m: AVGrad with any beta1, alpha_t = alpha/sqrt(t), K2 of L2 (d), w = 1-beta2:
       (1/T) sum_t E|grad F(x_{t-1})|^2 <= (R/(alpha sqrt T)) [ D0
         + d ( (2/5) alpha G sqrt(w) + alpha^2 L (1+2beta1)/(2(1-beta1)) ) K2
         + d ( alpha G beta1/(2 sqrt((1-beta1^2) w)) + alpha^2 L beta1/(8(1-beta1^2) w) ) ln(T R^2/eps) ].
   m_t^2 <= sigma sum_{j<=t} g_j^2 <= (sigma/w) b_t with sigma = (1-beta1)/(1+beta1), so the potential of MomentumLog
   falls along every path with mu = sqrt(sigma/w); L1 at (1, 2/5), as without momentum, gives the left side. *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm DecreasingWeights AVGradWeights Paths Decoupling.
From Mada Require Import DecoupledRate AVGradRatioSum MomentumShift MomentumLog MonotoneLog MomentumMethods.
From Mada Require Import MomentumRates.
Import ListNotations.
Local Open Scope R_scope.

Definition momentum_size (beta1 : R) : R := (1 - beta1) / (1 + beta1).
Definition avgrad_momentum_right (T d D0 L G eps alpha beta1 beta2 : R) : R :=
  radius eps G / (alpha * sqrt T) * (D0 + 2 / 5 * alpha * G * sqrt (1 - beta2) * (d * K2_avgrad T G eps beta2)
    + growth_weight (1 - beta2) (momentum_size beta1) L G alpha beta1 * (d * ln (T * (radius eps G)² / eps))
    + ratio_weight L alpha beta1 * (d * K2_avgrad T G eps beta2)).

(* (beta1 m + (1-beta1) g)^2 <= m^2 + sigma g^2, by Cauchy-Schwarz and beta1^2 sigma + (1-beta1)^2 = sigma *)
Lemma momentum_square beta1 m y : 0 <= beta1 < 1 ->
  (beta1 * m + (1 - beta1) * y)² <= m² + momentum_size beta1 * y².
Proof.
  intros Hb. unfold momentum_size. apply Rmult_le_reg_r with (1 + beta1); [lra|].
  replace ((m² + (1 - beta1) / (1 + beta1) * y²) * (1 + beta1))
      with ((1 + beta1) * m² + (1 - beta1) * y²) by (field; lra).
  assert (S : 0 <= (1 - beta1) * ((1 + beta1) * m - beta1 * y)²) by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]).
  unfold Rsqr in *. lra.
Qed.

Section AVGradMomentum.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta1 beta2 : R) (x0 : vec) (T : nat).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis beta2_01 : 0 <= beta2 < 1.

Let program := run avgrad g alpha beta1 beta2 eps x0.
Let X := point avgrad g alpha beta1 beta2 eps x0.
Let m := first_moment avgrad g alpha beta1 beta2 eps x0.
Let b := b avgrad g alpha beta1 beta2 eps x0.
Let w := 1 - beta2.
Let sigma := momentum_size beta1.
Let mu := sqrt sigma / sqrt w.
Let cost := 2 / 5 * alpha * G * sqrt w.
Let Psi h := log_potential d F L g G alpha beta1 mu X m b h
  - cost * path_sum (fun k h => sum d (fun i => added_ratio g X b i k h)) h.

Local Lemma w_pos : 0 < w.
Proof. unfold w. lra. Qed.

Local Lemma sigma_nonneg : 0 <= sigma.
Proof. unfold sigma, momentum_size. apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]. Qed.

Local Lemma small k y i : (k < n)%nat -> (i < d)%nat -> (g k y i)² <= G².
Proof. apply (gsq_le A). Qed.

Local Lemma is_adaptive : adaptive_method n T d g alpha beta1 X m b.
Proof.
  refine (method_is_adaptive avgrad g alpha beta1 beta2 eps x0 n d eps_pos T alpha_pos beta1_01 _).
  intros k h i _ _. apply avgrad_grows; auto.
Qed.

(* w m_t^2 <= sigma w sum g_j^2 <= sigma b_t *)
Local Lemma momentum_low h i : (m h i)² <= sigma * Sg g X h i.
Proof.
  induction h as [|k h IH]; [change (0² <= sigma * 0); rewrite Rsqr_0; lra|].
  change (m (k :: h) i) with (beta1 * m h i + (1 - beta1) * g k (X h) i). cbn [Sg].
  apply Rle_trans with (1 := momentum_square beta1 _ _ beta1_01). fold sigma. lra.
Qed.

Local Lemma squares_low h i : w * Sg g X h i <= summed (program h) i.
Proof.
  induction h as [|k h IH]; [change (w * 0 <= 0); lra|]. cbn [Sg]. unfold program. rewrite summed_step. fold program.
  pose proof (second_floor avgrad g alpha beta1 beta2 eps x0 beta2_01 k h i) as Hf. fold X program w in Hf. lra.
Qed.

Local Lemma summed_low h i : summed (program h) i <= b h i.
Proof.
  destruct h as [|k h]; [change (0 <= eps); lra|]. unfold b. rewrite avgrad_b_step. fold program.
  assert (0 <= INR (S (length h)) * eps) by (apply Rmult_le_pos; [apply pos_INR | lra]). lra.
Qed.

Local Lemma momentum_below h i : within n T h -> (i < d)%nat -> Rabs (m h i) <= mu * sqrt (b h i).
Proof.
  intros _ _. pose proof w_pos as W0. pose proof (sqrt_lt_R0 _ w_pos) as Pw. pose proof sigma_nonneg as Ps.
  pose proof (momentum_low h i) as H1. pose proof (squares_low h i) as H2. pose proof (summed_low h i) as H3.
  apply Rmult_le_reg_l with (sqrt w); [auto|]. unfold mu.
  replace (sqrt w * (sqrt sigma / sqrt w * sqrt (b h i))) with (sqrt sigma * sqrt (b h i)) by (field; lra).
  rewrite <- (sqrt_Rsqr_abs (m h i)), <- !sqrt_mult_alt by lra. apply sqrt_le_1_alt.
  apply Rmult_le_compat_l with (r := w) in H1; [|lra].
  apply Rle_trans with (1 := H1). replace (w * (sigma * Sg g X h i)) with (sigma * (w * Sg g X h i)) by ring.
  apply Rmult_le_compat_l; lra.
Qed.

(* Given the past b_t = a + w g_t^2. *)
Let a h i := INR (S (length h)) * eps + summed (program h) i + beta2 * second (program h) i.

Local Lemma b_split k h i : b (k :: h) i = a h i + w * (g k (X h) i)².
Proof.
  unfold b. rewrite avgrad_b_step, summed_step, second_step. fold program X. unfold a, w. ring.
Qed.

Local Lemma decoupled h i : within n T h -> (i < d)%nat ->
  / radius eps G / sqrt (INR (S (length h))) * (gF (X h) i)²
  <= Ex n p (fun k => gF (X h) i * g k (X h) i / sqrt (b (k :: h) i) + 2 / 5 * G * sqrt w * added_ratio g X b i k h).
Proof.
  intros [Hv _] Hi. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1. pose proof w_pos as W0.
  pose proof (INR_S_pos (length h)) as Ht. pose proof (sqrt_lt_R0 _ Ht) as Pt.
  pose proof (radius_pos eps G eps_pos) as PR.
  destruct (moments_nonneg avgrad g alpha beta1 beta2 eps x0 beta2_01 h i) as [[N1 N2] N3]. fold program in N1, N2, N3.
  destruct (moments_up avgrad g alpha beta1 beta2 eps x0 beta2_01 n d G small h i Hv Hi) as (U1 & _ & U3).
  fold program in U1, U3.
  assert (Pa : 0 < a h i).
  { unfold a. pose proof (Rmult_lt_0_compat _ _ Ht eps_pos).
    assert (0 <= beta2 * second (program h) i) by (apply Rmult_le_pos; lra). lra. }
  pose proof (decoupling_sharp n p (fun k => g k (X h) i) G (a h i) w Pp P1 Pa w_pos (fun k Hk => g_bnd A k (X h) i Hk
      Hi)) as D.
  unfold decoupled_left, decoupled_right in D. rewrite (g_unbiased A), Rmult_1_l in D by auto.
  replace (Ex n p (fun k => gF (X h) i * g k (X h) i / sqrt (b (k :: h) i)
      + 2 / 5 * G * sqrt w * added_ratio g X b i k h))
    with (Ex n p (fun k => gF (X h) i * g k (X h) i / sqrt (a h i + w * (g k (X h) i)²))
          + 2 / 5 * G * sqrt w * Ex n p (fun k => (g k (X h) i)² / (a h i + w * (g k (X h) i)²))).
  2:{ rewrite <- Ex_scal, <- Ex_plus. apply Ex_ext. intros k _. unfold added_ratio. rewrite b_split. reflexivity. }
  apply Rle_trans with (2 := D). unfold Rdiv. rewrite Rmult_comm. apply Rmult_le_compat_l; [apply Rle_0_sqr|].
  assert (E : 0 <= Ex n p (fun k => (g k (X h) i)²) <= G²).
  { split; [apply Ex_nonneg; auto; intros; apply Rle_0_sqr|].
    rewrite <- (Ex_const n p P1 (G²)). apply Ex_le; auto. intros k Hk. apply small; auto. }
  rewrite <- Rinv_mult. apply Rinv_le_contravar.
  - apply sqrt_lt_R0. assert (0 <= w * Ex n p (fun k => (g k (X h) i)²)) by (apply Rmult_le_pos; lra). lra.
  - unfold radius. rewrite <- sqrt_mult_alt by (pose proof (Rle_0_sqr G); lra). apply sqrt_le_1_alt.
    rewrite (Rmult_comm (eps + G²)). unfold a. rewrite S_INR.
    destruct E as [_ E]. apply Rmult_le_compat_l with (r := w) in E; [|lra].
    apply Rmult_le_compat_l with (r := beta2) in U1; [|lra]. unfold w in *. lra.
Qed.

Local Lemma mean_step h : valid n h -> (length h < T)%nat -> Ex n p (fun k => Psi (k :: h))
  <= Psi h - alpha * / radius eps G / sqrt (INR (S (length h))) * sqn d (gF (X h)).
Proof.
  intros Hv Hl. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1.
  assert (Hw : within n T h) by (split; [auto | lia]).
  apply Rle_trans with (Ex n p (fun k => Psi h - alpha * sum d (fun i => gF (X h) i * g k (X h) i / sqrt (b (k :: h) i)
                                             + 2 / 5 * G * sqrt w * added_ratio g X b i k h))).
  { apply Ex_le; auto. intros k Hk.
    pose proof (log_path_step A mu is_adaptive momentum_below k h ltac:(split; [constructor; auto | simpl; lia])) as S.
    unfold Psi. cbn [path_sum]. unfold cost. rewrite sum_plus, (sum_scal d (2 / 5 * G * sqrt w)). lra. }
  rewrite Ex_minus, Ex_const, Ex_scal, Ex_sum by auto. apply Rplus_le_compat_l, Ropp_le_contravar.
  unfold Rdiv. rewrite !Rmult_assoc. apply Rmult_le_compat_l; [lra|].
  unfold sqn. rewrite <- !sum_scal. apply sum_le; intros i Hi.
  pose proof (decoupled h i Hw Hi) as D. unfold Rdiv in D. rewrite Rmult_assoc in D.
  apply Rle_trans with (1 := D). right. apply Ex_ext. intros k _. ring.
Qed.

Local Lemma rate_in : (0 < T)%nat -> mean_squared_gradient n p d gF X T
  <= avgrad_momentum_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof.
  intros HT. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1. pose proof (radius_pos eps G eps_pos) as PR.
  pose proof w_pos as W0. pose proof (sqrt_lt_R0 _ w_pos) as Pw. pose proof (sqrt_lt_R0 _ (lt_0_INR T HT)) as PT.
  pose proof sigma_nonneg as Ps. pose proof (L_nonneg_of A) as HL.
  pose proof (potential_telescope n p Pp T Psi _ mean_step) as Fall.
  set (lg := ln (INR T * (radius eps G)² / eps)). set (K2 := K2_avgrad (INR T) G eps beta2).
  set (C1 := growth_weight w sigma L G alpha beta1). set (C2 := ratio_weight L alpha beta1).
  assert (E1 : growth_cost L G alpha beta1 mu = C1).
  { unfold growth_cost, C1, growth_weight, mu. rewrite Rsqr_div', !Rsqr_sqrt by lra. field; lra. }
  assert (E2 : ratio_cost L alpha beta1 = C2) by (unfold ratio_cost, C2, ratio_weight, momentum_ratio; field; lra).
  set (B := F x0 - Fstar + INR d * (C1 * lg + (cost + C2) * K2)).
  replace (avgrad_momentum_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2)
    with (B / (alpha * / radius eps G * sqrt (INR T)))
    by (unfold B, avgrad_momentum_right, cost; fold w sigma lg K2; fold C1 C2; field; lra).
  apply (rate_from_sum n p d F gF L Fstar g G A X T
    (fun h => alpha * / radius eps G / sqrt (INR (S (length h))) * sqn d (gF (X h)))); auto.
  - apply Rmult_lt_0_compat; [auto | apply Rinv_0_lt_compat; auto].
  - intros; lra.
  - assert (P0 : Psi [] = F x0 - C1 * (INR d * ln eps)).
    { unfold Psi. rewrite (log_potential_start F L G mu is_adaptive), E1. cbn [path_sum].
      change (X []) with x0. rewrite Rmult_0_r, Rminus_0_r. do 2 f_equal. rewrite <- sum_const. reflexivity. }
    assert (Low : Fstar - INR d * (C1 * (lg + ln eps) + (cost + C2) * K2) <= Exp n p T Psi []).
    { rewrite <- (Exp_const n p P1 T _ []). apply Exp_le; [auto | constructor |]. intros h Hv Hl. simpl in Hl.
      assert (Hw : within n T h) by (split; [auto | lia]).
      pose proof (log_potential_low A mu is_adaptive h Hw) as S1. rewrite E1, E2 in S1.
      assert (E : path_sum (fun k h => sum d (fun i => added_ratio g X b i k h)) h
                  = sum d (fun i => path_sum (added_ratio g X b i) h)).
      { clear. induction h as [|k h IH]; [simpl; rewrite sum_const; ring|]. cbn [path_sum]. rewrite sum_plus, IH.
        auto. }
      unfold Psi. rewrite E.
      assert (S2 : sum d (fun i => C1 * ln (b h i) + (cost + C2) * path_sum (added_ratio g X b i) h)
                   <= INR d * (C1 * (lg + ln eps) + (cost + C2) * K2)).
      { apply sum_le_const. intros i Hi. assert (HG : 0 <= G) by (apply (G_nonneg A); lia).
        assert (Hr : 0 <= momentum_ratio beta1)
          by (unfold momentum_ratio; apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
        apply Rplus_le_compat; apply Rmult_le_compat_l.
        - rewrite <- E1. unfold growth_cost. assert (0 <= mu).
          { unfold mu. apply Rmult_le_pos; [apply sqrt_pos | left; apply Rinv_0_lt_compat; auto]. }
          apply Rplus_le_le_0_compat; nonneg.
        - pose proof (denominator_pos is_adaptive h i Hw Hi) as Pb. pose proof (Rlt_0_sqr _ (Rgt_not_eq _ _ PR)) as PR2.
          pose proof (lt_0_INR T HT) as PT'. pose proof (Rmult_lt_0_compat _ _ PT' PR2) as PTR.
          replace (lg + ln eps) with (ln (INR T * (radius eps G)²)) by (unfold lg; rewrite ln_quot by auto; ring).
          apply ln_le_mono; [auto|]. replace T with (Nat.max 1 (length h)) by lia.
          apply (b_up avgrad g alpha beta1 beta2 eps x0 beta2_01 n d G small avgrad_sound eps_pos); auto.
        - assert (0 <= cost) by (unfold cost; pose proof (sqrt_pos w); nonneg).
          assert (0 <= C2); [|lra]. unfold C2, ratio_weight.
          apply Rmult_le_pos; [nonneg | left; apply Rinv_0_lt_compat; lra].
        - apply (avgrad_K2 n p d F gF L Fstar g G A eps alpha beta1 beta2 x0 T); auto. lia. }
      rewrite sum_plus, !sum_scal in S2. lra. }
    unfold B. lra.
Qed.
End AVGradMomentum.

Theorem avgrad_momentum_rate n p d F gF L Fstar g G eps alpha beta1 beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (point avgrad g alpha beta1 beta2 eps x0) T
  <= avgrad_momentum_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof. intros. eapply rate_in; eauto. Qed.
