(* A quantity f k h that the draw k adds after the history h, seen along one path.

   along f h t is its value at the t-th draw of h (from 0), path_sum f h the sum over the path: so the lemmas about
   sequences apply to every path of a method. *)
From Coq Require Import Reals Lra Lia List Arith.
From Mada Require Import Sums Expectation AVGradWeights.
Import ListNotations.
Local Open Scope R_scope.

Fixpoint path_sum (f : nat -> hist -> R) (h : hist) : R :=
  match h with [] => 0 | k :: h => path_sum f h + f k h end.

Fixpoint along (f : nat -> hist -> R) (h : hist) (t : nat) : R :=
  match h with [] => 0 | k :: h => if Nat.eq_dec t (length h) then f k h else along f h t end.

Lemma along_last f k h : along f (k :: h) (length h) = f k h.
Proof. simpl. destruct (Nat.eq_dec (length h) (length h)); [auto | contradiction]. Qed.

Lemma along_before f k h t : (t < length h)%nat -> along f (k :: h) t = along f h t.
Proof. intros H. simpl. destruct (Nat.eq_dec t (length h)); [lia | auto]. Qed.

Lemma path_sum_along f h : path_sum f h = sum (length h) (along f h).
Proof.
  induction h as [|k h IH]; [reflexivity|].
  change (length (k :: h)) with (S (length h)). rewrite sum_S, along_last. simpl path_sum. rewrite IH. f_equal.
  apply sum_ext; intros t Ht. rewrite along_before; auto.
Qed.

Lemma along_between n f lo hi h : lo <= 0 <= hi ->
  (forall k h, (k < n)%nat -> valid n h -> lo <= f k h <= hi) -> valid n h -> forall t, lo <= along f h t <= hi.
Proof.
  intros H0 Hf Hv t. induction Hv as [|k h Hk Hv IH]; simpl; [lra|].
  destruct (Nat.eq_dec t (length h)); auto.
Qed.

(* A state that is an exponential average of f is v of the path. *)
Lemma v_along beta2 f V h : V [] = 0 -> (forall k h, V (k :: h) = beta2 * V h + (1 - beta2) * f k h) ->
  V h = v beta2 (along f h) (length h).
Proof.
  intros H0 HS. induction h as [|k h IH]; [exact H0|].
  change (length (k :: h)) with (S (length h)). rewrite HS, IH. cbn [v]. rewrite along_last. do 2 f_equal.
  apply v_ext; intros t Ht. rewrite along_before; auto.
Qed.

Lemma tvbar_along beta2 f V U h : V [] = 0 -> (forall k h, V (k :: h) = beta2 * V h + (1 - beta2) * f k h) ->
  U [] = 0 -> (forall k h, U (k :: h) = U h + V (k :: h)) -> U h = tvbar beta2 (along f h) (length h).
Proof.
  intros V0 VS U0 US. induction h as [|k h IH]; [exact U0|].
  change (length (k :: h)) with (S (length h)). rewrite US, IH, tvbar_S. f_equal.
  - apply tvbar_ext; intros t Ht. rewrite along_before; auto.
  - exact (v_along beta2 f V (k :: h) V0 VS).
Qed.

(* A sum of quotients along a path, where the denominator is a functional Den of the terms so far. *)
Lemma path_sum_quotient f den Den h :
  (forall x y t, (forall s, (s < t)%nat -> x s = y s) -> Den x t = Den y t) ->
  (forall k h, den k h = Den (along f (k :: h)) (S (length h))) ->
  path_sum (fun k h => f k h / den k h) h = sum (length h) (fun t => along f h t / Den (along f h) (S t)).
Proof.
  intros Hext Hden. induction h as [|k h IH]; [reflexivity|].
  change (length (k :: h)) with (S (length h)). rewrite sum_S, along_last, <- Hden.
  cbn [path_sum]. rewrite IH. f_equal. apply sum_ext; intros t Ht. rewrite along_before by auto. f_equal.
  apply Hext; intros s Hs. rewrite along_before; [auto | lia].
Qed.

Lemma path_sum_scal c f h : path_sum (fun k h => c * f k h) h = c * path_sum f h.
Proof. induction h as [|k h IH]; simpl; [ring|]. rewrite IH. ring. Qed.

Lemma path_sum_le n f f' h : (forall k h, (k < n)%nat -> valid n h -> f k h <= f' k h) -> valid n h ->
  path_sum f h <= path_sum f' h.
Proof. intros H Hv. induction Hv as [|k h Hk Hv IH]; simpl; [lra|]. apply Rplus_le_compat; auto. Qed.

Lemma along_nonneg f h t : (forall k h, 0 <= f k h) -> 0 <= along f h t.
Proof. intros H. induction h as [|k h IH]; simpl; [lra|]. destruct (Nat.eq_dec t (length h)); auto. Qed.
