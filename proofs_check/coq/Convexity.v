(* Convex functions with a Lipschitz gradient: the gradient vanishes at a minimizer xs, and
       <gF(x), x - xs> >= F(x) - F(xs) + |gF(x)|^2/(2L). *)
From Coq Require Import Reals Lra Lia Psatz FunctionalExtensionality.
From Mada Require Import Sums Smoothness.
Local Open Scope R_scope.

(* The graph lies above its tangents. *)
Definition convex (d : nat) (F : vec -> R) (gF : vec -> vec) : Prop :=
  forall x y : vec, F x + dot d (gF x) (fun i => y i - x i) <= F y.

Lemma dot_scal d a x y : dot d x (fun i => a * y i) = a * dot d x y.
Proof. unfold dot. rewrite <- sum_scal. apply sum_ext; intros; ring. Qed.
Lemma dot_self d x : dot d x x = sqn d x.
Proof. apply sum_ext; intros; unfold Rsqr; ring. Qed.
Lemma sqn_scal d a x : sqn d (fun i => a * x i) = a² * sqn d x.
Proof. unfold sqn. rewrite <- sum_scal. apply sum_ext; intros; unfold Rsqr; ring. Qed.
Lemma sqn_plus d x y : sqn d (fun i => x i + y i) = sqn d x + 2 * dot d x y + sqn d y.
Proof.
  unfold sqn, dot. rewrite <- sum_scal, <- !sum_plus. apply sum_ext; intros; unfold Rsqr; ring.
Qed.

Section Minimizer.
Variables (d : nat) (F : vec -> R) (gF : vec -> vec) (L : R) (xs : vec).
Hypothesis F_smooth : smooth d F gF L.
Hypothesis F_low : forall y, F xs <= F y.
Hypothesis L_pos : 0 < L.

Lemma minimizer_gradient : sqn d (gF xs) = 0.
Proof.
  pose proof (sqn_nonneg d (gF xs)) as N.
  pose proof (descent d F gF L xs (fun i => - / L * gF xs i) F_smooth) as D.
  rewrite dot_scal, dot_self, sqn_scal in D.
  pose proof (F_low (fun i => xs i + - / L * gF xs i)) as Q.
  replace (L / 2 * ((- / L)² * sqn d (gF xs))) with (/ L / 2 * sqn d (gF xs)) in D by (unfold Rsqr; field; lra).
  assert (I : 0 < / L) by (apply Rinv_0_lt_compat; auto). nra.
Qed.

Lemma minimizer_dot h : dot d (gF xs) h = 0.
Proof.
  pose proof (cauchy d (gF xs) h) as C. fold (dot d (gF xs) h) (sqn d (gF xs)) in C.
  rewrite minimizer_gradient in C. pose proof (Rle_0_sqr (dot d (gF xs) h)).
  apply Rsqr_0_uniq. lra.
Qed.

Lemma convex_smooth x : convex d F gF ->
  F x - F xs + sqn d (gF x) / (2 * L) <= dot d (gF x) (fun i => x i - xs i).
Proof.
  intros C. set (h := fun i => / L * gF x i).
  pose proof (descent d F gF L xs h F_smooth) as D. rewrite minimizer_dot in D.
  pose proof (C x (fun i => xs i + h i)) as T. cbv beta in T.
  replace (dot d (gF x) (fun i => xs i + h i - x i)) with
    (/ L * sqn d (gF x) - dot d (gF x) (fun i => x i - xs i)) in T.
  2:{ unfold dot, sqn, h. rewrite <- sum_scal, <- sum_minus. apply sum_ext; intros; unfold Rsqr; ring. }
  unfold h in D at 2. rewrite sqn_scal in D.
  replace (L / 2 * ((/ L)² * sqn d (gF x))) with (sqn d (gF x) / (2 * L)) in D by (unfold Rsqr; field; lra).
  replace (/ L * sqn d (gF x)) with (2 * (sqn d (gF x) / (2 * L))) in T by (field; lra).
  set (q := sqn d (gF x) / (2 * L)) in *. set (p := dot d (gF x) (fun i => x i - xs i)) in *.
  change (fun i => xs i + / L * gF x i) with (fun i => xs i + h i) in D. lra.
Qed.
End Minimizer.
