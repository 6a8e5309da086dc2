(* TS: sign descent without noise, x_t = x_{t-1} - alpha sign(grad F(x_{t-1})), on F smooth by coordinate, N = sum_i N_i:
       (1/T) sum_t |grad F(x_{t-1})|_1 <= D0/(alpha T) + alpha N/2.
   It is Lion with beta1 = 0, and what Adam is at beta1 = beta2 = eps = 0. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Smoothness Yogi.
Local Open Scope R_scope.

Definition norm1 (d : nat) (y : vec) : R := sum d (fun i => Rabs (y i)).
Definition sign_right (T D0 N alpha : R) : R := D0 / (alpha * T) + alpha * N / 2.

Section SignDescent.
Variables (d : nat) (F : vec -> R) (gF : vec -> vec) (N : vec) (Fstar alpha : R) (x : nat -> vec).
Hypothesis curved : smooth_by_coordinate d F gF N.
Hypothesis F_low : forall y, Fstar <= F y.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis x_step : forall t, x (S t) = (fun i => x t i + - alpha * sgn (gF (x t) i)).

Local Lemma descent_step t : F (x (S t)) <= F (x t) - alpha * norm1 d (gF (x t)) + alpha² * sum d N / 2.
Proof.
  set (u := fun i => - alpha * sgn (gF (x t) i)).
  pose proof (descent_by_coordinate d F gF N (x t) u curved) as H.
  replace (fun i => x t i + u i) with (x (S t)) in H by apply x_step.
  replace (dot d (gF (x t)) u) with (- alpha * norm1 d (gF (x t))) in H.
  2:{ unfold dot, norm1, u. rewrite <- sum_scal. apply sum_ext; intros i _. unfold sgn.
      destruct (Rlt_dec (gF (x t) i) 0); [rewrite Rabs_left by lra; ring|].
      destruct (Rlt_dec 0 (gF (x t) i)); [rewrite Rabs_right by lra; ring|].
      replace (gF (x t) i) with 0 by lra. rewrite Rabs_R0. ring. }
  assert (sum d (fun i => N i * (u i)²) <= alpha² * sum d N).
  { rewrite <- sum_scal. apply sum_le; intros i Hi. pose proof (N_nonneg _ _ _ _ curved i Hi). unfold u, sgn.
    pose proof (Rle_0_sqr alpha). destruct (Rlt_dec _ 0); [|destruct (Rlt_dec 0 _)]; unfold Rsqr in *; nra. }
  lra.
Qed.

Theorem sign_descent_rate T : (0 < T)%nat ->
  / INR T * sum T (fun t => norm1 d (gF (x t))) <= sign_right (INR T) (F (x O) - Fstar) (sum d N) alpha.
Proof.
  intros HT. assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  assert (H : forall t, alpha * sum t (fun t => norm1 d (gF (x t))) <= F (x O) - F (x t) + INR t * (alpha² * sum d N / 2)).
  { induction t as [|t IH]; [simpl; lra|]. rewrite sum_S, S_INR. pose proof (descent_step t). lra. }
  specialize (H T). pose proof (F_low (x T)). unfold sign_right.
  apply Rmult_le_reg_l with (alpha * INR T); [nra|].
  replace (alpha * INR T * (/ INR T * sum T (fun t => norm1 d (gF (x t)))))
    with (alpha * sum T (fun t => norm1 d (gF (x t)))) by (field; lra).
  replace (alpha * INR T * ((F (x O) - Fstar) / (alpha * INR T) + alpha * sum d N / 2))
    with (F (x O) - Fstar + INR T * (alpha² * sum d N / 2)) by (unfold Rsqr; field; lra).
  lra.
Qed.
End SignDescent.
