(* The part of T7log and T5m along a path: eta_t = alpha/sqrt(b_t) with b_t nondecreasing, and |m_t| <= mu sqrt(b_t).

   Then |p_t| <= (alpha mu/2) ln(b_t/b_{t-1}) and p_t^2 <= (alpha^2 mu^2/4) ln(b_t/b_{t-1}), so the potential
     F(z) + sum_i [ (L/2) r (1+r) (eta_i m_i)^2 - growth_cost ln b_i ] - (alpha^2 L/2)(1+3r) sum g^2/b,
     growth_cost = r G alpha mu/2 + L r (1+r) alpha^2 mu^2/8,
   falls by alpha sum_i d_iF(x_{t-1}) g_{t,i}/sqrt(b_{t,i}) at least. No expectation yet. *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm Paths DecouplingAnyDenominator MomentumShift.
Import ListNotations.
Local Open Scope R_scope.

(* (1 - 1/s)^2 <= (s-1)/(s+1) <= (ln s)/2 *)
Lemma shrink_squared s : 1 <= s -> (1 - / s)² <= / 2 * ln s.
Proof.
  intros Hs. pose proof (ln_pade s Hs) as H.
  apply Rle_trans with (/ 2 * (2 * (s - 1) / (s + 1))); [|apply Rmult_le_compat_l; lra].
  apply Rmult_le_reg_r with (s² * (s + 1)); [apply Rmult_lt_0_compat; [apply Rlt_0_sqr|]; lra|].
  replace ((1 - / s)² * (s² * (s + 1))) with ((s - 1) * (s² - 1)) by (unfold Rsqr; field; lra).
  replace (/ 2 * (2 * (s - 1) / (s + 1)) * (s² * (s + 1))) with ((s - 1) * s²) by (field; lra).
  apply Rmult_le_compat_l; lra.
Qed.

Section Drift.
Variables (alpha mu b b' m : R).
Hypothesis alpha_pos : 0 < alpha.
Hypothesis b_pos : 0 < b.
Hypothesis b_le : b <= b'.
Hypothesis m_below : Rabs m <= mu * sqrt b.

Let growth := ln b' - ln b.
Let s := sqrt b' / sqrt b.
Let unit := m / sqrt b.

Local Lemma s_low : 1 <= s.
Proof.
  pose proof (sqrt_lt_R0 _ b_pos) as P. apply Rmult_le_reg_r with (sqrt b); [auto|].
  unfold s. replace (sqrt b' / sqrt b * sqrt b) with (sqrt b') by (field; lra).
  rewrite Rmult_1_l. apply sqrt_le_1_alt; auto.
Qed.

Local Lemma ln_s : ln s = / 2 * growth.
Proof.
  pose proof (sqrt_lt_R0 _ b_pos) as P. assert (P' : 0 < sqrt b') by (apply sqrt_lt_R0; lra).
  unfold s, growth. rewrite <- (sqrt_sqrt b) at 2 by lra. rewrite <- (sqrt_sqrt b') at 2 by lra.
  rewrite ln_quot, !ln_mult by auto. lra.
Qed.

Local Lemma drift_form : (alpha / sqrt b - alpha / sqrt b') * m = alpha * unit * (1 - / s).
Proof.
  pose proof (sqrt_lt_R0 _ b_pos) as P. assert (P' : 0 < sqrt b') by (apply sqrt_lt_R0; lra).
  unfold s, unit. field; lra.
Qed.

Local Lemma unit_below : Rabs unit <= mu.
Proof.
  pose proof (sqrt_lt_R0 _ b_pos) as P. unfold unit, Rdiv. rewrite Rabs_mult, Rabs_inv, (Rabs_right (sqrt b)) by lra.
  apply Rmult_le_reg_r with (sqrt b); [auto|]. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. auto.
Qed.

Local Lemma shrink_nonneg : 0 <= 1 - / s.
Proof.
  pose proof s_low. assert (/ s <= 1) by (rewrite <- Rinv_1; apply Rinv_le_contravar; lra). lra.
Qed.

Lemma drift_length : Rabs ((alpha / sqrt b - alpha / sqrt b') * m) <= alpha * mu / 2 * growth.
Proof.
  pose proof unit_below as U. pose proof shrink_nonneg as D. pose proof s_low as S.
  pose proof (ln_lower s ltac:(lra)) as Hl. rewrite ln_s in Hl.
  rewrite drift_form, !Rabs_mult, (Rabs_right alpha), (Rabs_right (1 - / s)) by lra.
  apply Rle_trans with (alpha * mu * (/ 2 * growth)); [|right; field].
  apply Rmult_le_compat; [apply Rmult_le_pos; [lra | apply Rabs_pos] | auto | apply Rmult_le_compat_l; lra | lra].
Qed.

Lemma drift_squared : ((alpha / sqrt b - alpha / sqrt b') * m)² <= alpha² * mu² / 4 * growth.
Proof.
  pose proof unit_below as U. pose proof s_low as S. pose proof (shrink_squared s S) as Hl. rewrite ln_s in Hl.
  assert (Hm : 0 <= mu) by (apply Rle_trans with (2 := U), Rabs_pos).
  assert (U2 : unit² <= mu²) by (apply Rsqr_le_abs_1; rewrite (Rabs_right mu); lra).
  rewrite drift_form, !Rsqr_mult. apply Rle_trans with (alpha² * mu² * (/ 2 * (/ 2 * growth))); [|right; field].
  apply Rmult_le_compat; try apply Rle_0_sqr; auto.
  - apply Rmult_le_pos; apply Rle_0_sqr.
  - apply Rmult_le_compat_l; [apply Rle_0_sqr | auto].
Qed.
End Drift.

Definition growth_cost (L G alpha beta1 mu : R) : R :=
  momentum_ratio beta1 * G * alpha * mu / 2
  + L * momentum_ratio beta1 * (1 + momentum_ratio beta1) * alpha² * mu² / 8.

(* One coordinate of one step: as in T7's, with the other estimates of the cross term and of |rp - u|^2. *)
Lemma coordinate_log_step L G r alpha mu b b' m y f s' : 0 <= L -> 0 <= G -> 0 <= r -> 0 < alpha -> 0 < b -> b <= b' ->
  Rabs m <= mu * sqrt b ->
  (1 + r) * s' <= r * (alpha / sqrt b * m)² + (alpha / sqrt b' * y)² ->
  r * G * Rabs ((alpha / sqrt b - alpha / sqrt b') * m) - f * (alpha / sqrt b' * y)
    + L / 2 * (r * ((alpha / sqrt b - alpha / sqrt b') * m) - alpha / sqrt b' * y)²
    + L / 2 * r * ((alpha / sqrt b * m)² + (alpha / sqrt b' * y)²)
    + (L / 2 * r * ((1 + r) * s') - (r * G * alpha * mu / 2 + L * r * (1 + r) * alpha² * mu² / 8) * ln b')
  <= L / 2 * r * ((1 + r) * (alpha / sqrt b * m)²)
     - (r * G * alpha * mu / 2 + L * r * (1 + r) * alpha² * mu² / 8) * ln b
     + L / 2 * (1 + 3 * r) * (alpha / sqrt b' * y)² - f * (alpha / sqrt b' * y).
Proof.
  intros HL HG Hr Ha Hb Hbb Hm Hs.
  pose proof (drift_length alpha mu b b' m Ha Hb Hbb Hm) as D1.
  pose proof (drift_squared alpha mu b b' m Hb Hbb Hm) as D2.
  set (u := alpha / sqrt b' * y) in *. set (q := alpha / sqrt b * m) in *.
  set (w := (alpha / sqrt b - alpha / sqrt b') * m) in *.
  assert (K : (r * w - u)² <= (1 + r) * (u² + r * w²)).
  { assert (S : 0 <= r * (u + w)²) by (apply Rmult_le_pos; [auto | apply Rle_0_sqr]). unfold Rsqr in *. lra. }
  apply Rmult_le_compat_l with (r := r * G) in D1; [|apply Rmult_le_pos; auto].
  apply Rmult_le_compat_l with (r := L / 2 * (r * (1 + r))) in D2; [|nonneg].
  apply Rmult_le_compat_l with (r := L / 2) in K; [|lra].
  apply Rmult_le_compat_l with (r := L / 2 * r) in Hs; [|apply Rmult_le_pos; lra].
  lra.
Qed.

Section LogPath.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (T : nat) (alpha beta1 mu : R) (x m b : hist -> vec).
Hypothesis M : adaptive_method n T d g alpha beta1 x m b.
Hypothesis m_below : forall h i, within n T h -> (i < d)%nat -> Rabs (m h i) <= mu * sqrt (b h i).

Let r := momentum_ratio beta1.
Let eta := step_size alpha b.
Let z := shifted beta1 x m eta.
Let u := gradient_step g x eta.
Let reserve (h : hist) (i : nat) := L / 2 * r * ((1
    + r) * (move m eta h i)²) - growth_cost L G alpha beta1 mu * ln (b h i).
Definition ratio_cost : R := alpha² * L * (1 + 3 * momentum_ratio beta1) / 2.
Definition log_potential (h : hist) : R :=
  F (shifted beta1 x m (step_size alpha b) h)
  + sum d (fun i => L / 2 * momentum_ratio beta1 * ((1 + momentum_ratio beta1) * (move m (step_size alpha b) h i)²)
                    - growth_cost L G alpha beta1 mu * ln (b h i))
  - ratio_cost * path_sum (fun k h => sum d (fun i => added_ratio g x b i k h)) h.

Local Lemma step_squared k h i : within n T (k :: h) -> (i < d)%nat -> (u k h i)² = alpha² * added_ratio g x b i k h.
Proof.
  intros Hw Hi. pose proof (denominator_pos M _ i Hw Hi) as Pb. pose proof (sqrt_lt_R0 _ Pb).
  unfold u, gradient_step, eta, step_size, added_ratio. rewrite <- (sqrt_sqrt (b (k :: h) i)) at 2 by lra.
  unfold Rsqr. field; lra.
Qed.

Theorem log_path_step k h : within n T (k :: h) ->
  log_potential (k :: h) <= log_potential h
    - alpha * sum d (fun i => gF (x h) i * g k (x h) i / sqrt (b (k :: h) i)).
Proof.
  intros Hw. destruct (within_tail _ _ _ _ Hw) as (Hh & Hk & Hl).
  pose proof (adaptive_is_momentum M) as MM. fold eta in MM.
  pose proof (r_nonneg MM) as r_low. fold r in r_low. pose proof (L_nonneg_of A) as L_low.
  pose (X := L / 2 * r * (sqn d (move m eta h) + sqn d (u k h))).
  assert (D : F (z (k :: h)) <= F (z h) + X + sum d (fun i => r * G * Rabs (drift m eta k h i) - gF (x h) i * u k h i
                + L / 2 * (r * drift m eta k h i - u k h i)²)).
  { pose proof (sqn_nonneg d (move m eta h)) as Q0. pose proof (sqn_nonneg d (u k h)) as U0.
    apply (shifted_descent A MM).
    - unfold X. apply Rmult_le_pos; [apply Rmult_le_pos|]; lra.
    - fold r u. unfold X. set (a := sqn d (move m eta h)) in *. set (c := sqn d (u k h)) in *.
      assert (0 <= L² * (r² * (a - c)²)) by nonneg. unfold Rsqr in *. lra. }
  set (rest := fun i => r * G * Rabs (drift m eta k h i) - gF (x h) i * u k h i
                + L / 2 * (r * drift m eta k h i - u k h i)²) in D.
  assert (S : sum d rest + X + sum d (reserve (k :: h))
              <= sum d (reserve h) + ratio_cost * sum d (fun i => added_ratio g x b i k h)
                 - alpha * sum d (fun i => gF (x h) i * g k (x h) i / sqrt (b (k :: h) i))).
  { unfold X, sqn. repeat first [rewrite <- sum_scal | rewrite <- sum_plus | rewrite <- sum_minus].
    apply sum_le; intros i Hi. unfold rest.
    replace (ratio_cost * added_ratio g x b i k h) with (L / 2 * (1 + 3 * r) * (u k h i)²)
      by (rewrite step_squared by auto; unfold ratio_cost; fold r; field).
    replace (alpha * (gF (x h) i * g k (x h) i / sqrt (b (k :: h) i))) with (gF (x h) i * u k h i)
      by (unfold u, gradient_step, eta, step_size, Rdiv; ring).
    unfold reserve, growth_cost. fold r. unfold u, gradient_step, drift, move, eta, step_size.
    apply coordinate_log_step; auto.
    - apply (G_nonneg A). lia.
    - apply (alpha_pos M).
    - apply (denominator_pos M); auto.
    - apply (b_grows M); auto.
    - apply (move_step MM k h i Hw Hi). }
  unfold log_potential. cbn [path_sum]. fold r eta z. fold (reserve (k :: h)) (reserve h). lra.
Qed.

(* Before the first step, and from below after the last. *)
Lemma log_potential_start : log_potential [] = F (x []) - growth_cost L G alpha beta1 mu * sum d (fun i => ln (b [] i)).
Proof.
  pose proof (adaptive_is_momentum M) as MM. unfold log_potential. rewrite (shifted_start MM). cbn [path_sum].
  rewrite Rmult_0_r, Rminus_0_r. unfold Rminus. f_equal. rewrite Ropp_mult_distr_l, <- sum_scal.
  apply sum_ext; intros i _. unfold move. rewrite (m_start MM), Rmult_0_r, Rsqr_0. ring.
Qed.

Lemma log_potential_low h : within n T h -> Fstar - growth_cost L G alpha beta1 mu * sum d (fun i => ln (b h i))
    - ratio_cost * sum d (fun i => path_sum (added_ratio g x b i) h) <= log_potential h.
Proof.
  intros Hw. pose proof (adaptive_is_momentum M) as MM. pose proof (r_nonneg MM). pose proof (L_nonneg_of A).
  assert (E : path_sum (fun k h => sum d (fun i => added_ratio g x b i k h)) h
      = sum d (fun i => path_sum (added_ratio g x b i) h)).
  { induction h as [|k h IH]; [simpl; rewrite sum_const; ring|].
    cbn [path_sum]. rewrite sum_plus, IH; auto. apply (within_tail _ _ _ _ Hw). }
  unfold log_potential. rewrite E. pose proof (F_low A (shifted beta1 x m (step_size alpha b) h)).
  rewrite sum_minus, (sum_scal d (growth_cost L G alpha beta1 mu)).
  assert (0 <= sum d (fun i => L / 2 * momentum_ratio beta1 * ((1
      + momentum_ratio beta1) * (move m (step_size alpha b) h i)²))).
  { apply sum_nonneg; intros i _. nonneg. }
  lra.
Qed.
End LogPath.

Arguments log_path_step {n p d F gF L Fstar g G} A {T alpha beta1} mu {x m b}.
Arguments log_potential_start {n d} F L {g} G {T alpha beta1} mu {x m b}.
Arguments log_potential_low {n p d F gF L Fstar g G} A {T alpha beta1} mu {x m b}.
