(* What the logarithm is needed for: 1 - 1/y <= ln y, and one step of a sum of ratios,
   x/(u+x) <= ln(u+x) - ln u. *)
From Coq Require Import Reals Lra Lia Psatz.
Local Open Scope R_scope.

Lemma ln_quot x y : 0 < x -> 0 < y -> ln (x / y) = ln x - ln y.
Proof.
  intros Hx Hy. unfold Rdiv. rewrite ln_mult, ln_Rinv; auto using Rinv_0_lt_compat; lra.
Qed.

Lemma ln_lower y : 0 < y -> 1 - / y <= ln y.
Proof.
  intros Hy.
  assert (H : 1 + - ln y <= exp (- ln y)).
  { destruct (Req_dec (- ln y) 0) as [E|E].
    - rewrite E, exp_0; lra.
    - left. apply exp_ineq1; auto. }
  rewrite exp_Ropp, exp_ln in H by auto. lra.
Qed.

(* ln y <= y - 1 *)
Lemma ln_upper y : 0 < y -> ln y <= y - 1.
Proof.
  intros Hy. pose proof (ln_lower (/ y) (Rinv_0_lt_compat y Hy)) as H.
  rewrite Rinv_inv, ln_Rinv in H by lra. lra.
Qed.

Lemma ln_le_mono x y : 0 < x -> x <= y -> ln x <= ln y.
Proof. intros Hx [H|H]; [left; apply ln_increasing; auto | right; congruence]. Qed.

Lemma ln_nonneg y : 1 <= y -> 0 <= ln y.
Proof. intros H. rewrite <- ln_1. apply ln_le_mono; lra. Qed.

Lemma ratio_step u x : 0 < u -> 0 <= x -> x / (u + x) <= ln (u + x) - ln u.
Proof.
  intros Hu Hx. rewrite <- ln_quot by lra.
  apply Rle_trans with (1 - / ((u + x) / u)).
  - right; field; lra.
  - apply ln_lower. apply Rdiv_lt_0_compat; lra.
Qed.
