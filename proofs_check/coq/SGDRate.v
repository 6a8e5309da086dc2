(* TV: SGD with a constant step, x_t = x_{t-1} - alpha g_t, alpha L < 2, and no bound on the stochastic gradient but
   E|g - grad F|^2 <= sigma^2 at every point:
       (1/T) sum_t E|grad F(x_{t-1})|^2 <= (D0/(alpha T) + alpha L sigma^2/2)/(1 - alpha L/2). *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Expectation Smoothness Setting.
Import ListNotations.
Local Open Scope R_scope.

(* A1, A3, A4 and the bound on the variance; A2 is not among them. *)
Record variance_bounded (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R)
    (g : nat -> vec -> vec) (sigma : R) : Prop := {
  chances : forall k, (k < n)%nat -> 0 <= p k;
  chances_one : sum n p = 1;
  above_Fstar : forall y, Fstar <= F y;
  F_smooth' : smooth d F gF L;
  unbiased : forall y i, (i < d)%nat -> Ex n p (fun k => g k y i) = gF y i;
  variance : forall y, Ex n p (fun k => sqn d (fun i => g k y i - gF y i)) <= sigma² }.

Arguments chances {n p d F gF L Fstar g sigma}.
Arguments chances_one {n p d F gF L Fstar g sigma}.
Arguments above_Fstar {n p d F gF L Fstar g sigma}.
Arguments F_smooth' {n p d F gF L Fstar g sigma}.
Arguments unbiased {n p d F gF L Fstar g sigma}.
Arguments variance {n p d F gF L Fstar g sigma}.

Fixpoint sgd_point (g : nat -> vec -> vec) (alpha : R) (x0 : vec) (h : hist) : vec :=
  match h with [] => x0 | k :: h => fun i => sgd_point g alpha x0 h i - alpha * g k (sgd_point g alpha x0 h) i end.

Definition sgd_right (T D0 L sigma alpha : R) : R :=
  (D0 / (alpha * T) + alpha * L * sigma² / 2) / (1 - alpha * L / 2).

Section SGD.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (sigma : R).
Hypothesis A : variance_bounded n p d F gF L Fstar g sigma.
Variables (alpha : R) (x0 : vec).
Hypothesis alpha_pos : 0 < alpha.
Hypothesis short : alpha * L < 2.

Let X := sgd_point g alpha x0.
Let kept := 1 - alpha * L / 2.

(* E|g|^2 = |grad F|^2 + E|g - grad F|^2. *)
Local Lemma second_moment y : Ex n p (fun k => sqn d (g k y)) <= sqn d (gF y) + sigma².
Proof.
  pose proof (chances A) as Pp. pose proof (chances_one A) as P1.
  apply Rle_trans with (sqn d (gF y) + Ex n p (fun k => sqn d (fun i => g k y i - gF y i)));
    [|apply Rplus_le_compat_l, (variance A)].
  right. unfold sqn. rewrite !Ex_sum, <- sum_plus. apply sum_ext; intros i Hi.
  transitivity (Ex n p (fun k => (g k y i - gF y i)² + (2 * gF y i) * g k y i - (gF y i)²)).
  - apply Ex_ext; intros k Hk. unfold Rsqr; ring.
  - rewrite Ex_minus, Ex_plus, Ex_scal, Ex_const, (unbiased A) by auto. unfold Rsqr; ring.
Qed.

Local Lemma mean_step h :
  Ex n p (fun k => F (X (k :: h))) <= F (X h) - alpha * kept * sqn d (gF (X h)) + alpha² * L / 2 * sigma².
Proof.
  pose proof (chances A) as Pp. pose proof (chances_one A) as P1. pose proof (L_nonneg _ _ _ _ (F_smooth' A)) as HL.
  set (y := X h).
  assert (S : forall k, F (X (k :: h)) <= F y - alpha * dot d (gF y) (g k y) + alpha² * L / 2 * sqn d (g k y)).
  { intros k. pose proof (descent d F gF L y (fun i => - alpha * g k y i) (F_smooth' A)) as D.
    assert (E : X (k :: h) = fun i => y i + - alpha * g k y i)
      by (apply functional_extensionality; intros i; unfold y, X; simpl; ring).
    rewrite E.
    replace (dot d (gF y) (fun i => - alpha * g k y i)) with (- alpha * dot d (gF y) (g k y)) in D
      by (unfold dot; rewrite <- sum_scal; apply sum_ext; intros; ring).
    replace (sqn d (fun i => - alpha * g k y i)) with (alpha² * sqn d (g k y)) in D
      by (unfold sqn; rewrite <- sum_scal; apply sum_ext; intros; unfold Rsqr; ring).
    lra. }
  apply Rle_trans with (1 := Ex_le n p Pp _ _ (fun k _ => S k)).
  rewrite Ex_plus, Ex_minus, Ex_const, !Ex_scal by auto.
  replace (Ex n p (fun k => dot d (gF y) (g k y))) with (sqn d (gF y)).
  2:{ unfold dot, sqn. rewrite Ex_sum. apply sum_ext; intros i Hi. rewrite Ex_scal, (unbiased A) by auto. reflexivity. }
  pose proof (second_moment y) as M. pose proof (Rle_0_sqr alpha) as Ha.
  assert (C : 0 <= alpha² * L / 2) by nra.
  pose proof (Rmult_le_compat_l _ _ _ C M). unfold kept. unfold Rsqr in *. lra.
Qed.

Local Lemma telescope T : Exp n p T (fun h => F (X h)) []
  <= F x0 - alpha * kept * sum T (squared_gradient n p d gF X) + INR T * (alpha² * L / 2 * sigma²).
Proof.
  induction T as [|T IH]; [simpl; unfold X; simpl; lra|].
  rewrite Exp_last, sum_S, S_INR. pose proof (chances A) as Pp. pose proof (chances_one A) as P1.
  apply Rle_trans with
    (Exp n p T (fun h => (F (X h) - alpha * kept * sqn d (gF (X h))) + alpha² * L / 2 * sigma²) []).
  - apply Exp_le; auto; [constructor|]. intros h _ _. apply mean_step.
  - rewrite Exp_plus, Exp_lin, Exp_const by auto. fold (squared_gradient n p d gF X T). lra.
Qed.

Theorem sgd_rate T : (0 < T)%nat ->
  mean_squared_gradient n p d gF X T <= sgd_right (INR T) (F x0 - Fstar) L sigma alpha.
Proof.
  intros HT. assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  assert (K : 0 < kept) by (unfold kept; lra).
  pose proof (chances A) as Pp. pose proof (chances_one A) as P1.
  assert (B : Fstar <= Exp n p T (fun h => F (X h)) []).
  { rewrite <- (Exp_const n p P1 T Fstar []). apply Exp_le; auto; [constructor|]. intros h _ _. apply (above_Fstar A). }
  pose proof (telescope T) as H. unfold mean_squared_gradient, sgd_right. fold kept.
  apply Rmult_le_reg_l with (alpha * INR T * kept); [apply Rmult_lt_0_compat; nra|].
  replace (alpha * INR T * kept * (/ INR T * sum T (squared_gradient n p d gF X)))
    with (alpha * kept * sum T (squared_gradient n p d gF X)) by (field; lra).
  replace (alpha * INR T * kept * (((F x0 - Fstar) / (alpha * INR T) + alpha * L * sigma² / 2) / kept))
    with (F x0 - Fstar + INR T * (alpha² * L / 2 * sigma²)) by (unfold Rsqr; field; lra).
  lra.
Qed.
End SGD.
