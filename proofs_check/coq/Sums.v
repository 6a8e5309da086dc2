(* Finite sums of reals, vectors, and the Cauchy-Schwarz inequality.

   sum n f = f 0 + ... + f (n-1).  A vector of R^d is a function nat -> R of which the coordinates i < d count;
   dot is the inner product and sqn the squared Euclidean norm of these coordinates. *)
From Coq Require Import Reals Lra Lia Psatz.
Local Open Scope R_scope.

Fixpoint sum (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S n => sum n f + f n end.

Lemma sum_S n f : sum (S n) f = sum n f + f n.
Proof. reflexivity. Qed.

Lemma sum_ext n f g : (forall k, (k < n)%nat -> f k = g k) -> sum n f = sum n g.
Proof. induction n; intros H; simpl; [reflexivity|]. rewrite IHn, H; auto. Qed.

Lemma sum_le n f g : (forall k, (k < n)%nat -> f k <= g k) -> sum n f <= sum n g.
Proof. induction n; intros H; simpl; [lra|]. apply Rplus_le_compat; auto. Qed.

Lemma sum_plus n f g : sum n (fun k => f k + g k) = sum n f + sum n g.
Proof. induction n; simpl; [lra|]. rewrite IHn; lra. Qed.

Lemma sum_scal n c f : sum n (fun k => c * f k) = c * sum n f.
Proof. induction n; simpl; [lra|]. rewrite IHn; lra. Qed.

Lemma sum_minus n f g : sum n (fun k => f k - g k) = sum n f - sum n g.
Proof. induction n; simpl; [lra|]. rewrite IHn; lra. Qed.

Lemma sum_const n c : sum n (fun _ => c) = INR n * c.
Proof. induction n; [simpl; lra|]. rewrite S_INR. simpl. rewrite IHn; lra. Qed.

Lemma sum_0 n f : (forall k, (k < n)%nat -> f k = 0) -> sum n f = 0.
Proof. intros H. rewrite (sum_ext n f (fun _ => 0) H), sum_const. lra. Qed.

Lemma sum_nonneg n f : (forall k, (k < n)%nat -> 0 <= f k) -> 0 <= sum n f.
Proof.
  intros H. replace 0 with (sum n (fun _ => 0)) by (rewrite sum_const; lra).
  apply sum_le; auto.
Qed.

Lemma sum_le_const n f c : (forall k, (k < n)%nat -> f k <= c) -> sum n f <= INR n * c.
Proof. intros H. rewrite <- sum_const. apply sum_le; auto. Qed.

Lemma sum_swap n m f :
  sum n (fun i => sum m (fun j => f i j)) = sum m (fun j => sum n (fun i => f i j)).
Proof.
  induction n; simpl.
  - rewrite sum_const; lra.
  - rewrite IHn, <- sum_plus. reflexivity.
Qed.

(* A quadratic that is nowhere negative has no positive discriminant. *)
Lemma discriminant A B C : 0 <= A -> 0 <= C -> (forall s, 0 <= A * s² + 2 * s * B + C) -> B² <= A * C.
Proof.
  intros HA HC Q. destruct (Req_dec A 0) as [E | NE].
  - destruct (Req_dec B 0) as [EB | NB]; [rewrite EB; unfold Rsqr; nra|].
    exfalso. specialize (Q (- (C + 1) / (2 * B))). rewrite E in Q.
    replace (2 * (- (C + 1) / (2 * B)) * B) with (- (C + 1)) in Q by (field; auto). lra.
  - specialize (Q (- B / A)).
    replace (A * (- B / A)² + 2 * (- B / A) * B + C) with (C - B² / A) in Q
      by (unfold Rsqr; field; auto).
    apply Rmult_le_reg_l with (/ A); [apply Rinv_0_lt_compat; lra|].
    replace (/ A * (A * C)) with C by (field; auto).
    replace (/ A * B²) with (B² / A) by (unfold Rdiv; ring). lra.
Qed.

Lemma cauchy_weighted n p f g : (forall k, (k < n)%nat -> 0 <= p k) ->
  (sum n (fun k => p k * (f k * g k)))²
  <= sum n (fun k => p k * (f k)²) * sum n (fun k => p k * (g k)²).
Proof.
  intros Hp. apply discriminant.
  - apply sum_nonneg; intros. apply Rmult_le_pos; [auto | apply Rle_0_sqr].
  - apply sum_nonneg; intros. apply Rmult_le_pos; [auto | apply Rle_0_sqr].
  - intros s. replace (_ + _ + _) with (sum n (fun k => p k * (s * f k + g k)²)).
    + apply sum_nonneg; intros. apply Rmult_le_pos; [auto | apply Rle_0_sqr].
    + rewrite (Rmult_comm _ (s²)), <- !sum_scal, <- !sum_plus.
      apply sum_ext; intros k _; unfold Rsqr; ring.
Qed.

Lemma cauchy n f g :
  (sum n (fun k => f k * g k))² <= sum n (fun k => (f k)²) * sum n (fun k => (g k)²).
Proof.
  pose proof (cauchy_weighted n (fun _ => 1) f g ltac:(intros; lra)) as H.
  assert (E : forall h, sum n (fun k => 1 * h k) = sum n h)
    by (intros h; apply sum_ext; intros; lra).
  rewrite !E in H. exact H.
Qed.

Definition vec := nat -> R.
Definition dot (d : nat) (x y : vec) := sum d (fun i => x i * y i).
Definition sqn (d : nat) (x : vec) := sum d (fun i => (x i)²).

Lemma sqn_nonneg d x : 0 <= sqn d x.
Proof. apply sum_nonneg; intros. apply Rle_0_sqr. Qed.
