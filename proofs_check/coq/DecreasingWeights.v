(* L5: (1/sqrt T) sum a_t <= sum a_t/sqrt(t) for a_t >= 0, and the sums of 1/t and of 1/sqrt(t). *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Logarithm RatioSums.
Local Open Scope R_scope.

Theorem decreasing_weights T a : (0 < T)%nat -> (forall t, 0 <= a t) ->
  sum T a / sqrt (INR T) <= sum T (fun t => a t / sqrt (INR (S t))).
Proof.
  intros HT Ha. unfold Rdiv at 1. rewrite Rmult_comm, <- sum_scal. apply sum_le; intros t Ht.
  rewrite Rmult_comm. apply Rmult_le_compat_l; [auto|].
  apply Rinv_le_contravar.
  - apply sqrt_lt_R0, lt_0_INR; lia.
  - apply sqrt_le_1_alt, le_INR; lia.
Qed.

Lemma INR_S_pos t : 0 < INR (S t).
Proof. apply lt_0_INR; lia. Qed.

(* 1 + 1/2 + .. + 1/T <= 1 + ln T *)
Lemma harmonic_sum T : (0 < T)%nat -> sum T (fun t => / INR (S t)) <= 1 + ln (INR T).
Proof.
  intros HT. destruct T as [|T]; [lia|]. clear HT. induction T as [|T IH].
  - simpl. rewrite ln_1, Rinv_1. lra.
  - rewrite (sum_S (S T)). pose proof (INR_S_pos T) as H.
    pose proof (ratio_step (INR (S T)) 1 H ltac:(lra)) as K.
    rewrite <- S_INR in K. unfold Rdiv in K. lra.
Qed.

(* 1 + 1/sqrt 2 + .. + 1/sqrt T <= 2 sqrt T *)
Lemma inverse_root_sum T : sum T (fun t => / sqrt (INR (S t))) <= 2 * sqrt (INR T).
Proof.
  assert (E : forall t, sum t (fun _ => 1) = INR t) by (intros; rewrite sum_const; lra).
  pose proof (ratio_root_sum T (fun _ => 1) ltac:(intros; lra)) as H. rewrite E in H.
  apply Rle_trans with (2 := H). right. apply sum_ext; intros t _. rewrite E. unfold Rdiv. lra.
Qed.
