(* Adagrad without momentum, x_t = x_{t-1} - alpha g_t/sqrt(eps + sum of the squared gradients):
       (1/T) sum_t E|grad F(x_{t-1})|^2 <= (R/(c alpha sqrt T)) [D0 + d (K alpha G + alpha^2 L/2) ln(1 + T G^2/eps)].
   With (1, 2/5) it is T1' of the package, with (1/2, 2) it implies the published form T1. *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Logarithm RatioSums Expectation Setting Decoupling DecreasingWeights Paths DecoupledRate.
Import ListNotations.
Local Open Scope R_scope.

(* The point, and the sum of the squares. *)
Fixpoint adagrad (g : nat -> vec -> vec) (eps alpha : R) (x0 : vec) (h : hist) : vec * vec :=
  match h with
  | [] => (x0, fun _ => 0)
  | k :: h =>
    let z := adagrad g eps alpha x0 h in
    let s' := fun i => snd z i + (g k (fst z) i)² in
    (fun i => fst z i - alpha * g k (fst z) i / sqrt (eps + s' i), s')
  end.

Definition adagrad_point g eps alpha x0 (h : hist) : vec := fst (adagrad g eps alpha x0 h).

Definition adagrad_right (c K T d D0 L G eps alpha : R) : R :=
  radius eps G / (c * alpha * sqrt T) * (D0 + d * (K * alpha * G + alpha² * L / 2) * ln (1 + T * G² / eps)).

(* T1; the published R is G + sqrt(eps). *)
Definition adagrad_published_right (T d D0 L G eps alpha : R) : R :=
  let R0 := G + sqrt eps in
  2 * R0 * D0 / (alpha * sqrt T) + 1 / sqrt T * (4 * d * R0² + alpha * d * R0 * L) * ln (1 + T * R0² / eps).

Section Adagrad.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha : R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Variables (c K : R).
Hypothesis c_pos : 0 < c.
Hypothesis K_nonneg : 0 <= K.
Hypothesis L1 : decoupling c K.

Let X := adagrad_point g eps alpha x0.
Let sq := square g X.
Let a h i := eps + path_sum (sq i) h.
Let W (h : hist) (i : nat) := 1.

Local Lemma sums i h : snd (adagrad g eps alpha x0 h) i = path_sum (sq i) h.
Proof. induction h as [|k h IH]; [reflexivity|]. simpl. rewrite IH. reflexivity. Qed.

Local Lemma sums_bound i h : valid n h -> (i < d)%nat -> 0 <= path_sum (sq i) h <= INR (length h) * G².
Proof.
  intros Hv Hi. induction Hv as [|k h Hk Hv IH]; [simpl; lra|].
  change (length (k :: h)) with (S (length h)). rewrite S_INR. simpl.
  pose proof (gsq_le A k (X h) i Hk Hi). pose proof (Rle_0_sqr (g k (X h) i)). unfold sq, square in *. lra.
Qed.

Local Lemma ratios i h : valid n h -> (i < d)%nat ->
  path_sum (ratio g X a W i) h <= ln (1 + INR (length h) * G² / eps).
Proof.
  intros Hv Hi. assert (P : forall t, 0 <= along (sq i) h t) by (intros; apply along_nonneg; intros; apply Rle_0_sqr).
  unfold ratio. rewrite (path_sum_quotient (sq i) _ (fun x t => eps + sum t x)).
  - apply Rle_trans with (1 := ratio_sum _ _ eps eps_pos P). rewrite <- path_sum_along.
    destruct (sums_bound i h Hv Hi) as [H0 H1]. assert (0 < / eps) by (apply Rinv_0_lt_compat; auto).
    apply ln_le_mono; unfold Rdiv; [nra|]. apply Rplus_le_compat_l, Rmult_le_compat_r; lra.
  - intros x y t E. f_equal. apply sum_ext; auto.
  - intros k h'. change (S (length h')) with (length (k :: h')). rewrite <- path_sum_along. unfold a, W.
    fold (sq i k h'). simpl path_sum. ring.
Qed.

Theorem adagrad_rate T : (0 < T)%nat -> mean_squared_gradient n p d gF X T
  <= adagrad_right c K (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof.
  intros HT. set (K2 := ln (1 + INR T * G² / eps)). pose proof (radius_pos eps G eps_pos) as PR.
  assert (PT : 0 < INR T) by (apply lt_0_INR; auto). pose proof (sqrt_lt_R0 _ PT) as PsT.
  assert (H : alpha * c * sum T (fun t => squared_gradient n p d gF X t / sqrt (INR (S t) * (eps + G²)))
    <= F (X []) - Fstar + INR d * (K * alpha * G * K2 + alpha² * L / 2 * K2)).
  { apply (decoupled_rate_bounded n p d F gF L Fstar g G A c K c_pos K_nonneg L1 alpha X a W
      (fun t => INR t * (eps + G²)) alpha_pos).
    - intros k h. apply functional_extensionality; intros i.
      change (X (k :: h) i) with
        (X h i - alpha * g k (X h) i / sqrt (eps + (snd (adagrad g eps alpha x0 h) i + sq i k h))).
      rewrite sums. unfold a, W. fold (sq i k h). rewrite Rmult_1_l, <- Rplus_assoc. unfold Rdiv. ring.
    - intros h i Hv Hi. destruct (sums_bound i h Hv Hi). unfold a. lra.
    - intros. unfold W. lra.
    - intros h i Hv Hi. destruct (sums_bound i h Hv Hi). unfold a, W. rewrite S_INR. pose proof (pos_INR (length h)).
      nra.
    - intros h i Hv Hl Hi. unfold weighted_ratio. rewrite (path_sum_scal (sqrt 1) (ratio g X a W i)), sqrt_1, Rmult_1_l.
      subst T. apply ratios; auto.
    - intros h i Hv Hl Hi. subst T. apply ratios; auto. }
  rewrite weights_of_radius in H by auto.
  replace (adagrad_right c K (INR T) (INR d) (F x0 - Fstar) L G eps alpha) with
    (radius eps G / (c * alpha) * (F x0 - Fstar + INR d * (K * alpha * G + alpha² * L / 2) * K2) / sqrt (INR T))
    by (unfold adagrad_right; fold K2; field; lra).
  apply (mean_from_weighted A); auto.
  apply Rmult_le_reg_l with (alpha * c / radius eps G); [apply Rdiv_lt_0_compat; nra|].
  apply Rle_trans with (alpha * c * (weighted_squared_gradient n p d gF X T / radius eps G)); [right; field; lra|].
  apply Rle_trans with (1 := H). right. change (X []) with x0. field; lra.
Qed.
End Adagrad.

Theorem adagrad_rate_sharp n p d F gF L Fstar g G eps alpha x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (adagrad_point g eps alpha x0) T
  <= adagrad_right 1 (2 / 5) (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof. intros. eapply adagrad_rate; eauto; try lra. apply decoupling_sharp. Qed.

Theorem adagrad_published_rate n p d F gF L Fstar g G eps alpha x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> (0 < T)%nat -> (0 < d)%nat ->
  mean_squared_gradient n p d gF (adagrad_point g eps alpha x0) T
  <= adagrad_published_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof.
  intros A He Ha HT Hd. apply Rle_trans with (adagrad_right (1 / 2) 2 (INR T) (INR d) (F x0 - Fstar) L G eps alpha).
  { eapply adagrad_rate; eauto; try lra. apply decoupling_published. }
  unfold adagrad_right, adagrad_published_right. set (R0 := G + sqrt eps). set (R1 := radius eps G).
  assert (PT : 0 < INR T) by (apply lt_0_INR; auto). pose proof (sqrt_lt_R0 _ PT) as PsT.
  pose proof (G_nonneg A Hd) as HG. pose proof (L_nonneg_of A) as HL. pose proof (F_low A x0) as HF.
  pose proof (sqrt_lt_R0 _ He) as Hs. assert (Es : sqrt eps * sqrt eps = eps) by (apply sqrt_sqrt; lra).
  pose proof (pos_INR d) as HD. assert (He' : 0 < / eps) by (apply Rinv_0_lt_compat; auto).
  assert (P1 : 0 < R1) by (apply radius_pos; auto). assert (E1 : R1 * R1 = eps + G²) by (apply radius_sq; auto).
  assert (H1 : R1 <= R0) by (unfold Rsqr in *; apply Rnot_lt_le; intros N; unfold R0 in *; nra).
  assert (H2 : G <= R0) by (unfold R0; lra).
  assert (HGR : G² <= R0²) by (unfold Rsqr; nra).
  assert (Hln : ln (1 + INR T * G² / eps) <= ln (1 + INR T * R0² / eps)).
  { pose proof (Rle_0_sqr G). apply ln_le_mono; unfold Rdiv; [|apply Rplus_le_compat_l, Rmult_le_compat_r; [lra|nra]].
    assert (0 <= INR T * G² * / eps) by (repeat apply Rmult_le_pos; lra). lra. }
  assert (H0 : 0 <= ln (1 + INR T * G² / eps)).
  { apply ln_nonneg. pose proof (Rle_0_sqr G). assert (0 <= INR T * G² / eps) by (repeat apply Rmult_le_pos; lra).
    lra. }
  set (l1 := ln (1 + INR T * G² / eps)) in *. set (l0 := ln (1 + INR T * R0² / eps)) in *.
  replace (R1 / (1 / 2 * alpha * sqrt (INR T)) * (F x0 - Fstar + INR d * (2 * alpha * G + alpha² * L / 2) * l1))
    with (/ sqrt (INR T) * (2 * / alpha * (R1 * (F x0 - Fstar)) + INR d * (4 * (R1 * G) * l1 + alpha * L * (R1 * l1))))
    by (unfold Rsqr; field; lra).
  replace (2 * R0 * (F x0 - Fstar) / (alpha * sqrt (INR T))
    + 1 / sqrt (INR T) * (4 * INR d * R0² + alpha * INR d * R0 * L) * l0)
    with (/ sqrt (INR T) * (2 * / alpha * (R0 * (F x0 - Fstar)) + INR d * (4 * (R0 * R0) * l0 + alpha * L * (R0 * l0))))
    by (unfold Rsqr; field; lra).
  assert (Ha' : 0 < / alpha) by (apply Rinv_0_lt_compat; auto).
  apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto|]. apply Rplus_le_compat.
  - apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_r; lra.
  - apply Rmult_le_compat_l; [auto|]. apply Rplus_le_compat.
    + apply Rmult_le_compat; try lra; [|apply Rmult_le_compat_l; [lra | apply Rmult_le_compat; lra]].
      apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra].
    + apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|]. apply Rmult_le_compat; lra.
Qed.
