(* The theorems with momentum on the concrete problem of Example.v, F(y) = ln(1 + y^2) from 3 with gradient noise +-1
   (L = G = 2, F_star = 0), with beta1 = 9/10: numbers for every symbol but T, and one step without any symbol. In the
   safeguarded method rho_t looks at the draw itself, so at g_t. *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm AVGradRatioSum Example AMSGradRate.
From Mada Require Import MomentumShift MonotoneSteps MonotoneLog MomentumMethods MomentumRates AVGradMomentum.
From Mada Require Import Safeguarded.
Import ListNotations.
Local Open Scope R_scope.

Definition start : vec := fun _ => 3.

Local Lemma start_value : F start - 0 = ln 10.
Proof. unfold F, start. rewrite Rminus_0_r. f_equal. unfold Rsqr. lra. Qed.

Theorem example_amsgrad T : (0 < T)%nat ->
  / INR T * sum T (fun t => Exp 2 fair t (fun h => sqn 1 (gF (point amsgrad noisy (1/10) 0 (99/100) 1 start h))) [])
  <= amsgrad_right (INR T) 1 (ln 10) 2 2 1 (1/10) (99/100).
Proof.
  intros HT. pose proof (amsgrad_rate _ _ _ _ _ _ _ _ _ 1 (1/10) (99/100) start T example_assumptions
    ltac:(lra) ltac:(lra) ltac:(lra) HT) as H.
  rewrite start_value in H. exact H.
Qed.

Theorem example_amsgrad_momentum T : (0 < T)%nat ->
  / INR T * sum T (fun t => Exp 2 fair t (fun h => sqn 1 (gF (point amsgrad noisy (1/10) (9/10) (99/100) 1 start h)))
      [])
  <= amsgrad_monotone_right (INR T) 1 (ln 10) 2 2 1 (1/10) (9/10) (99/100).
Proof.
  intros HT. pose proof (amsgrad_monotone_rate _ _ _ _ _ _ _ _ _ 1 (1/10) (9/10) (99/100) start T example_assumptions
    ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra) HT) as H.
  rewrite start_value in H. exact H.
Qed.

Theorem example_avgrad_momentum T : (0 < T)%nat ->
  / INR T * sum T (fun t => Exp 2 fair t (fun h => sqn 1 (gF (point avgrad noisy (1/10) (9/10) (99/100) 1 start h))) [])
  <= avgrad_momentum_right (INR T) 1 (ln 10) 2 2 1 (1/10) (9/10) (99/100).
Proof.
  intros HT. pose proof (avgrad_momentum_rate _ _ _ _ _ _ _ _ _ 1 (1/10) (9/10) (99/100) start T example_assumptions
    ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra) HT) as H.
  rewrite start_value in H. exact H.
Qed.

(* The range of L6: T = 11 steps of rho = 1/1000 at beta2 = 99/100. *)
Theorem example_interpolation :
  / INR 11 * sum 11 (fun t => Exp 2 fair t (fun h =>
    sqn 1 (gF (point (interpolation (1/1000)) noisy (1/10) (9/10) (99/100) 1 start h))) [])
  <= interpolation_monotone_log_right 11 1 (ln 10) 2 2 1 (1/10) (9/10) (99/100) (1/1000).
Proof.
  assert (P : 0 <= (99/100) ^ 10 <= 1) by (apply (AVGradWeights.pow_01 (99/100) 10); lra).
  pose proof (interpolation_monotone_log_rate _ _ _ _ _ _ _ _ _ 1 (1/10) (9/10) (99/100) (1/1000) start 11
      example_assumptions
    ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lia) ltac:(lra)) as H.
  rewrite start_value in H. apply H.
  change (11 - 1)%nat with 10%nat. replace (INR 10) with 10 by (simpl; lra). unfold Rsqr. lra.
Qed.

(* rho_t = 1 after a gradient with the first outcome, else 0: chosen after g_t. *)
Definition hindsight (h : hist) : vec := fun _ => match h with [] => 0 | k :: _ => match k with O => 1 | S _ => 0 end
    end.
Definition always (value : R) (h : hist) : vec := fun _ => value.

Theorem example_safeguarded T : (0 < T)%nat ->
  / INR T * sum T (fun t => Exp 2 fair t (fun h => sqn 1 (gF (safeguarded_point noisy (1/10) (9/10) 1 0
      hindsight (always (1/2)) (always (99/100)) (always (1/10)) start h))) [])
  <= safeguarded_right (INR T) 1 (ln 10) 2 2 1 (1/10) (9/10) (99/100) (1/2) (1/10).
Proof.
  intros HT. pose proof (safeguarded_rate _ _ _ _ _ _ _ _ _ 1 (1/10) (9/10) start T
    hindsight (always (1/2)) (always (99/100)) (always (1/10)) (99/100) (1/2) (1/10) example_assumptions
    ltac:(lra) ltac:(lra) ltac:(lra) HT ltac:(lra) ltac:(lra)) as H.
  rewrite start_value in H. apply H. intros k h i _ _. unfold hindsight, always. destruct k; lra.
Qed.

(* One step of AMSGrad with momentum, all symbols gone: |F'(3)|^2 = (3/5)^2, r = 9. *)
Theorem example_one_step : (3/5)² <= sqrt 5 / (1/10 * sqrt 1) *
  (ln 10 + 1/10 * 1 * 2² / ((1 - 9/10) * sqrt 1) + 2 * 9² * (1/10)² * 1 * 2² / 1
   + 2 / 2 * (3 + 9²) * (1/10)² * (1 * (Rmin (1 / (1 - 99/100)) (2² / 1) * (1 + ln 1)))).
Proof.
  pose proof (example_amsgrad_momentum 1 ltac:(lia)) as H.
  unfold amsgrad_monotone_right, monotone_bound, Q_amsgrad, radius in H. simpl in H.
  replace (momentum_ratio (9/10)) with 9 in H by (unfold momentum_ratio; field).
  replace (sqrt 5) with (sqrt (1 + 2²)) by (f_equal; unfold Rsqr; lra).
  replace ((3/5)²) with (/ 1 * (0 + sqn 1 (gF start))); [exact H|].
  unfold sqn, gF, slope, start. simpl. unfold Rsqr. field.
Qed.
