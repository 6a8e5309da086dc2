(* The stochastic setting that every convergence theorem shares.

   At the point y a draw k gives the stochastic gradient g k y. A method is a function x : hist -> vec from the outcomes
   drawn so far (newest first) to the point reached; the k-th outcome after h gives the gradient g k (x h). *)
From Coq Require Import Reals Lra Lia Psatz List.
From Mada Require Import Sums Expectation Smoothness.
Import ListNotations.
Local Open Scope R_scope.

(* A1-A4: F >= Fstar, |g_i| <= G, F is L-smooth, E g = grad F. *)
Record assumptions (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R)
    (g : nat -> vec -> vec) (G : R) : Prop := {
  p_pos : forall k, (k < n)%nat -> 0 <= p k;
  p_one : sum n p = 1;
  F_low : forall y, Fstar <= F y;
  g_bnd : forall k y i, (k < n)%nat -> (i < d)%nat -> Rabs (g k y i) <= G;
  F_smooth : smooth d F gF L;
  g_unbiased : forall y i, (i < d)%nat -> Ex n p (fun k => g k y i) = gF y i }.

Arguments p_pos {n p d F gF L Fstar g G}.
Arguments p_one {n p d F gF L Fstar g G}.
Arguments F_low {n p d F gF L Fstar g G}.
Arguments g_bnd {n p d F gF L Fstar g G}.
Arguments F_smooth {n p d F gF L Fstar g G}.
Arguments g_unbiased {n p d F gF L Fstar g G}.

(* What the theorems bound: (1/T) sum_{t<T} E|grad F(x_t)|^2, and sum_{t<T} E|grad F(x_t)|^2/sqrt(t+1). *)
Definition squared_gradient n p d (gF : vec -> vec) (x : hist -> vec) (t : nat) : R :=
  Exp n p t (fun h => sqn d (gF (x h))) [].
Definition mean_squared_gradient n p d gF x (T : nat) : R :=
  / INR T * sum T (squared_gradient n p d gF x).
Definition weighted_squared_gradient n p d gF x (T : nat) : R :=
  sum T (fun t => squared_gradient n p d gF x t / sqrt (INR (S t))).

(* R of the theory: sqrt(eps + G^2). *)
Definition radius (eps G : R) := sqrt (eps + G²).

Lemma radius_pos eps G : 0 < eps -> 0 < radius eps G.
Proof. intros H. apply sqrt_lt_R0. pose proof (Rle_0_sqr G). lra. Qed.

Lemma radius_sq eps G : 0 < eps -> radius eps G * radius eps G = eps + G².
Proof. intros H. apply sqrt_sqrt. pose proof (Rle_0_sqr G). lra. Qed.

(* Sum of the past squared gradients, coordinate i. *)
Fixpoint Sg (g : nat -> vec -> vec) (x : hist -> vec) (h : hist) (i : nat) : R :=
  match h with [] => 0 | k :: h => Sg g x h i + (g k (x h) i)² end.

Lemma Sg_nonneg g x h i : 0 <= Sg g x h i.
Proof. induction h as [|k h IH]; simpl; [lra|]. pose proof (Rle_0_sqr (g k (x h) i)); lra. Qed.

Section Setting.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.

Lemma draws_positive : (0 < n)%nat.
Proof. pose proof (p_one A) as H. destruct n; [simpl in H; lra | lia]. Qed.

Lemma G_nonneg : (0 < d)%nat -> 0 <= G.
Proof.
  intros Hd. apply Rle_trans with (Rabs (g O (fun _ => 0) O)); [apply Rabs_pos|].
  apply (g_bnd A); auto using draws_positive.
Qed.

Lemma gsq_le k y i : (k < n)%nat -> (i < d)%nat -> (g k y i)² <= G².
Proof.
  intros Hk Hi. pose proof (g_bnd A k y i Hk Hi) as H.
  apply Rsqr_le_abs_1. rewrite (Rabs_right G); auto.
  apply Rle_ge, Rle_trans with (2 := H), Rabs_pos.
Qed.

Lemma Sg_up x h i : valid n h -> (i < d)%nat -> Sg g x h i <= INR (length h) * G².
Proof.
  intros Hv Hi. induction Hv as [|k h Hk Hv IH]; [simpl; lra|].
  change (length (k :: h)) with (S (length h)). rewrite S_INR. simpl Sg.
  pose proof (gsq_le k (x h) i Hk Hi). lra.
Qed.

Lemma grad_bnd y i : (i < d)%nat -> Rabs (gF y i) <= G.
Proof.
  intros Hi. rewrite <- (g_unbiased A) by auto.
  apply Ex_abs; try apply A. intros k Hk. apply (g_bnd A); auto.
Qed.

Lemma squared_gradient_nonneg x t : 0 <= squared_gradient n p d gF x t.
Proof.
  apply Exp_nonneg; try apply A; [constructor|]. intros h _. apply sqn_nonneg.
Qed.

Lemma L_nonneg_of : 0 <= L.
Proof. apply (L_nonneg _ _ _ _ (F_smooth A)). Qed.
End Setting.

Arguments G_nonneg {n p d F gF L Fstar g G}.
Arguments gsq_le {n p d F gF L Fstar g G}.
Arguments Sg_up {n p d F gF L Fstar g G}.
Arguments grad_bnd {n p d F gF L Fstar g G}.
Arguments squared_gradient_nonneg {n p d F gF L Fstar g G}.
Arguments L_nonneg_of {n p d F gF L Fstar g G}.
