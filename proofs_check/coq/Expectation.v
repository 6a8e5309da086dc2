(* Expectations over finitely many draws.

   One draw: outcome k < n has probability p k, and Ex n p f = sum_k p_k f(k).
   Several independent draws: a history (hist) lists the outcomes so far, newest first, and Exp T X h is the
   conditional expectation, given the history h, of a quantity X of the history after T more draws. Defined as a
   recursive tree, so that the tower property is the one short lemma Exp_last. *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums.
Import ListNotations.
Local Open Scope R_scope.

Definition Ex (n : nat) (p : nat -> R) (f : nat -> R) := sum n (fun k => p k * f k).

Definition hist := list nat.
Definition valid (n : nat) (h : hist) := Forall (fun k => (k < n)%nat) h.

Fixpoint Exp (n : nat) (p : nat -> R) (T : nat) (X : hist -> R) (h : hist) : R :=
  match T with O => X h | S T => Ex n p (fun k => Exp n p T X (k :: h)) end.

Section OneDraw.
Variables (n : nat) (p : nat -> R).
Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.

Lemma Ex_ext f h : (forall k, (k < n)%nat -> f k = h k) -> Ex n p f = Ex n p h.
Proof. intros H. apply sum_ext; intros. rewrite H; auto. Qed.

Lemma Ex_plus f h : Ex n p (fun k => f k + h k) = Ex n p f + Ex n p h.
Proof. unfold Ex. rewrite <- sum_plus. apply sum_ext; intros; ring. Qed.

Lemma Ex_minus f h : Ex n p (fun k => f k - h k) = Ex n p f - Ex n p h.
Proof. unfold Ex. rewrite <- sum_minus. apply sum_ext; intros; ring. Qed.

Lemma Ex_scal c f : Ex n p (fun k => c * f k) = c * Ex n p f.
Proof. unfold Ex. rewrite <- sum_scal. apply sum_ext; intros; ring. Qed.

Lemma Ex_sum d f : Ex n p (fun k => sum d (fun i => f i k)) = sum d (fun i => Ex n p (f i)).
Proof. unfold Ex. rewrite sum_swap. apply sum_ext; intros. rewrite sum_scal. reflexivity. Qed.

Lemma Ex_le f h : (forall k, (k < n)%nat -> f k <= h k) -> Ex n p f <= Ex n p h.
Proof. intros H. apply sum_le; intros. apply Rmult_le_compat_l; auto. Qed.

Hypothesis p_one : sum n p = 1.

Lemma Ex_const c : Ex n p (fun _ => c) = c.
Proof.
  unfold Ex. transitivity (sum n (fun k => c * p k)); [apply sum_ext; intros; ring|].
  rewrite sum_scal, p_one; ring.
Qed.

Lemma Ex_nonneg f : (forall k, (k < n)%nat -> 0 <= f k) -> 0 <= Ex n p f.
Proof. intros H. rewrite <- (Ex_const 0). apply Ex_le; auto. Qed.

Lemma Ex_abs f c : (forall k, (k < n)%nat -> Rabs (f k) <= c) -> Rabs (Ex n p f) <= c.
Proof.
  intros H. assert (B : forall k, (k < n)%nat -> - c <= f k <= c).
  { intros k Hk. specialize (H k Hk). pose proof (Rle_abs (f k)).
    pose proof (Rle_abs (- f k)) as H'. rewrite Rabs_Ropp in H'. lra. }
  apply Rabs_le; split; [rewrite <- (Ex_const (- c)) | rewrite <- (Ex_const c)]; apply Ex_le; intros k Hk;
    apply (B k Hk).
Qed.
End OneDraw.

Section Tree.
Variables (n : nat) (p : nat -> R).

(* Tower property: draw T times, then once more. *)
Lemma Exp_last T X h : Exp n p (S T) X h = Exp n p T (fun h => Ex n p (fun k => X (k :: h))) h.
Proof.
  revert h; induction T as [|T IH]; intros h; [reflexivity|].
  change (Exp n p (S (S T)) X h) with (Ex n p (fun k => Exp n p (S T) X (k :: h))).
  apply sum_ext; intros k _. rewrite IH. reflexivity.
Qed.

Lemma Exp_plus T X Y h : Exp n p T (fun h => X h + Y h) h = Exp n p T X h + Exp n p T Y h.
Proof.
  revert h; induction T as [|T IH]; intros h; simpl; [reflexivity|].
  rewrite <- Ex_plus. apply sum_ext; intros k _. rewrite IH. reflexivity.
Qed.

Lemma Exp_scal T c X h : Exp n p T (fun h => c * X h) h = c * Exp n p T X h.
Proof.
  revert h; induction T as [|T IH]; intros h; simpl; [reflexivity|].
  rewrite <- Ex_scal. apply sum_ext; intros k _. rewrite IH. reflexivity.
Qed.

Lemma Exp_lin T X Y c h : Exp n p T (fun h => X h - c * Y h) h = Exp n p T X h - c * Exp n p T Y h.
Proof.
  revert h; induction T as [|T IH]; intros h; simpl; [reflexivity|].
  rewrite <- Ex_scal, <- Ex_minus. apply sum_ext; intros k _. rewrite IH. reflexivity.
Qed.

Lemma Exp_sum T d X h : Exp n p T (fun h => sum d (fun i => X i h)) h = sum d (fun i => Exp n p T (X i) h).
Proof.
  revert h; induction T as [|T IH]; intros h; simpl; [reflexivity|].
  rewrite <- Ex_sum. apply sum_ext; intros k _. rewrite IH. reflexivity.
Qed.

Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.

Lemma Exp_le T X Y : forall h, valid n h ->
  (forall h', valid n h' -> length h' = (T + length h)%nat -> X h' <= Y h') ->
  Exp n p T X h <= Exp n p T Y h.
Proof.
  induction T as [|T IH]; intros h Hv H; simpl; [apply H; auto|].
  apply Ex_le; auto; intros k Hk. apply IH; [constructor; auto|].
  intros h' Hv' Hl. apply H; auto. simpl in *; lia.
Qed.

Lemma Exp_ext T X Y : forall h, valid n h ->
  (forall h', valid n h' -> length h' = (T + length h)%nat -> X h' = Y h') ->
  Exp n p T X h = Exp n p T Y h.
Proof.
  intros h Hv H. apply Rle_antisym; apply Exp_le; auto; intros; right; [|symmetry]; auto.
Qed.

Hypothesis p_one : sum n p = 1.

Lemma Exp_const T c h : Exp n p T (fun _ => c) h = c.
Proof.
  revert h; induction T as [|T IH]; intros h; simpl; [reflexivity|].
  transitivity (Ex n p (fun _ => c)); [apply sum_ext; intros; rewrite IH; auto|].
  apply Ex_const; auto.
Qed.

Lemma Exp_nonneg T X h : valid n h -> (forall h, valid n h -> 0 <= X h) -> 0 <= Exp n p T X h.
Proof. intros Hv H. rewrite <- (Exp_const T 0 h). apply Exp_le; auto. Qed.
End Tree.
