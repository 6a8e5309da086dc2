(* T10: the step bound of Kingma and Ba (2015), section 2.1, |x_t - x_{t-1}| <= alpha max(1, (1-beta1)/sqrt(1-beta2)),
   fails at (beta1, beta2) = (.9, .99) for the gradients 5, 6: the second step of Adam with bias corrections and eps = 0
   is longer. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums AVGradWeights.
Local Open Scope R_scope.

(* The length of step t; the moments m and v are the same recursion. *)
Definition adam_step (alpha beta1 beta2 : R) (g : nat -> R) (t : nat) : R :=
  alpha * (v beta1 g t / (1 - beta1 ^ t)) / sqrt (v beta2 (fun s => (g s)²) t / (1 - beta2 ^ t)).
Definition kingma_ba_bound (alpha beta1 beta2 : R) : R := alpha * Rmax 1 ((1 - beta1) / sqrt (1 - beta2)).
Definition five_six (t : nat) : R := match t with O => 5 | S _ => 6 end.

Theorem kingma_ba_bound_fails alpha : 0 < alpha ->
  kingma_ba_bound alpha (9 / 10) (99 / 100) < adam_step alpha (9 / 10) (99 / 100) five_six 2.
Proof.
  intros Ha. unfold kingma_ba_bound, adam_step. cbn [v five_six].
  replace (1 - 99 / 100) with ((1 / 10)²) by (unfold Rsqr; lra). rewrite sqrt_Rsqr by lra.
  replace ((1 - 9 / 10) / (1 / 10)) with 1 by field. rewrite Rmax_left by lra.
  match goal with |- _ < _ / sqrt ?x => set (y := x) end.
  assert (Hy : 0 < y < (5526 / 1000)²) by (unfold y, Rsqr; simpl; lra).
  assert (Hs : sqrt y < 5526 / 1000).
  { rewrite <- (sqrt_Rsqr (5526 / 1000)) by lra. apply sqrt_lt_1; lra. }
  pose proof (sqrt_lt_R0 y ltac:(lra)) as P.
  apply Rmult_lt_reg_r with (sqrt y); [auto|].
  match goal with |- _ < ?z / sqrt y * sqrt y => replace (z / sqrt y * sqrt y) with z by (field; lra) end.
  rewrite Rmult_1_r. apply Rlt_le_trans with (alpha * (5526 / 1000)); [apply Rmult_lt_compat_l; auto|].
  apply Rmult_le_compat_l; [lra|]. simpl. lra.
Qed.
