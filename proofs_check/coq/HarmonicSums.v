(* L7: 1/(A+B) <= s^2/A + (1-s)^2/B, and for sums of ratios K <= K_A K_B/(K_A + K_B). *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums.
Local Open Scope R_scope.

Theorem harmonic_split A B share : 0 < A -> 0 < B -> 1 / (A + B) <= share ^ 2 / A + (1 - share) ^ 2 / B.
Proof.
  intros HA HB. assert (P : 0 < A * B * (A + B)) by (apply Rmult_lt_0_compat; nra).
  apply Rmult_le_reg_r with (A * B * (A + B)); [auto|].
  replace (1 / (A + B) * (A * B * (A + B))) with (A * B) by (field; lra).
  replace ((share ^ 2 / A + (1 - share) ^ 2 / B) * (A * B * (A + B)))
    with ((share * B - (1 - share) * A) ^ 2 + A * B) by (field; lra).
  pose proof (pow2_ge_0 (share * B - (1 - share) * A)). lra.
Qed.

Theorem harmonic_sums T x A B :
  (forall t, 0 <= x t) -> (forall t, 0 < A t) -> (forall t, 0 < B t) -> (0 < T)%nat -> 0 < x O ->
  sum T (fun t => x t / (A t + B t))
  <= sum T (fun t => x t / A t) * sum T (fun t => x t / B t)
     / (sum T (fun t => x t / A t) + sum T (fun t => x t / B t)).
Proof.
  intros Hx HA HB HT H0. set (KA := sum T (fun t => x t / A t)). set (KB := sum T (fun t => x t / B t)).
  assert (P : forall D, (forall t, 0 < D t) -> 0 < sum T (fun t => x t / D t)).
  { intros D HD. apply Rlt_le_trans with (x O / D O); [apply Rdiv_lt_0_compat; auto|].
    assert (Q : forall t, 0 <= x t / D t).
    { intros t. apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; auto]. }
    destruct T as [|T]; [lia|]. clear - Q. induction T as [|T IH]; [simpl; lra|].
    rewrite sum_S. specialize (Q (S T)). lra. }
  assert (PA : 0 < KA) by (apply P; auto). assert (PB : 0 < KB) by (apply P; auto).
  (* the best share is KB/(KA + KB) *)
  set (s := KB / (KA + KB)).
  apply Rle_trans with (s ^ 2 * KA + (1 - s) ^ 2 * KB).
  - unfold KA, KB. rewrite <- !sum_scal, <- sum_plus. apply sum_le; intros t _.
    pose proof (harmonic_split (A t) (B t) s (HA t) (HB t)) as H. pose proof (Hx t).
    replace (x t / (A t + B t)) with (x t * (1 / (A t + B t))) by (unfold Rdiv; ring).
    replace (s ^ 2 * (x t / A t) + (1 - s) ^ 2 * (x t / B t)) with (x t * (s ^ 2 / A t + (1 - s) ^ 2 / B t))
      by (unfold Rdiv; ring).
    apply Rmult_le_compat_l; auto.
  - right. unfold s. field. lra.
Qed.
