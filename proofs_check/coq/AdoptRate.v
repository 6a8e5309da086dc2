(* TP: Adam without momentum that divides by the second moment of before the step, as ADOPT does, constant step alpha,
       x_t = x_{t-1} - alpha g_t/sqrt(eps + v_{t-1}),  v_t = beta2 v_{t-1} + (1-beta2) g_t^2,  v_0 = 0:
   (1/T) sum_t E|grad F(x_{t-1})|^2 <= (R/T) [D0/alpha + (alpha L d/2) Q],  R = sqrt(eps + G^2),
   Q = M min(T, (ln(1+M) - T ln beta2)/ln(1 + (1-beta2) M/beta2)),  M = G^2/eps, for every beta2 in (0, 1).
   The denominator is known before the draw, so no decoupling is needed, and what is left as T grows vanishes with alpha. *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Logarithm Expectation Smoothness Setting Paths.
Import ListNotations.
Local Open Scope R_scope.

(* The point, and v_t. *)
Fixpoint adopt (g : nat -> vec -> vec) (eps alpha beta2 : R) (x0 : vec) (h : hist) : vec * vec :=
  match h with
  | [] => (x0, fun _ => 0)
  | k :: h =>
    let z := adopt g eps alpha beta2 x0 h in
    (fun i => fst z i - alpha * g k (fst z) i / sqrt (eps + snd z i),
     fun i => beta2 * snd z i + (1 - beta2) * (g k (fst z) i)²)
  end.

Definition adopt_point g eps alpha beta2 x0 (h : hist) : vec := fst (adopt g eps alpha beta2 x0 h).

(* At least the sum of g_t^2/(eps + v_{t-1}) in one coordinate. *)
Definition previous_ratio_sum (T G eps beta2 : R) : R :=
  let M := G² / eps in
  M * Rmin T ((ln (1 + M) - T * ln beta2) / ln (1 + (1 - beta2) * M / beta2)).

Definition adopt_right (T d D0 L G eps alpha beta2 : R) : R :=
  radius eps G / T * (D0 / alpha + alpha * L * d / 2 * previous_ratio_sum T G eps beta2).

(* ln(1 + y) is concave and 0 at 0. *)
Lemma ln_concave s y : 0 <= s <= 1 -> 0 <= y -> s * ln (1 + y) <= ln (1 + s * y).
Proof.
  intros Hs Hy. set (m := 1 + s * y). assert (P : 0 < m) by (unfold m; nra).
  assert (T : forall z, 0 < z -> ln z <= ln m + (z - m) / m).
  { intros z Hz. pose proof (ln_upper (z / m) ltac:(apply Rdiv_lt_0_compat; auto)) as U.
    rewrite ln_quot in U by auto. replace ((z - m) / m) with (z / m - 1) by (field; lra). lra. }
  pose proof (Rmult_le_compat_l s _ _ (proj1 Hs) (T (1 + y) ltac:(lra))) as A.
  pose proof (Rmult_le_compat_l (1 - s) _ _ ltac:(lra) (T 1 ltac:(lra))) as B. rewrite ln_1 in B.
  assert (E : s * (ln m + (1 + y - m) / m) + (1 - s) * (ln m + (1 - m) / m) = ln m) by (unfold m; field; fold m; lra).
  fold m. lra.
Qed.

Section Adopt.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta2 : R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 < beta2 < 1.
Hypothesis G_pos : 0 < G.

Let X := adopt_point g eps alpha beta2 x0.
Let a h i := eps + snd (adopt g eps alpha beta2 x0 h) i.
Let sq i k h := (g k (X h) i)².
Let ratio i k h := sq i k h / a h i.
Let M := G² / eps.
Let Phi h := F (X h) - alpha² * L / 2 * sum d (fun i => path_sum (ratio i) h).

Local Lemma x_step k h : X (k :: h) = fun i => X h i + - alpha * g k (X h) i / sqrt (a h i).
Proof.
  apply functional_extensionality; intros i.
  change (X (k :: h) i) with (X h i - alpha * g k (X h) i / sqrt (a h i)). unfold Rdiv. ring.
Qed.
Local Lemma a_step k h i : a (k :: h) i = beta2 * a h i + (1 - beta2) * (eps + sq i k h).
Proof.
  unfold a. change (snd (adopt g eps alpha beta2 x0 (k :: h)) i)
    with (beta2 * snd (adopt g eps alpha beta2 x0 h) i + (1 - beta2) * sq i k h). ring.
Qed.
Local Lemma sq_in i k h : (k < n)%nat -> (i < d)%nat -> 0 <= sq i k h <= G².
Proof. intros. split; [apply Rle_0_sqr | apply (gsq_le A); auto]. Qed.
Local Lemma a_in h i : valid n h -> (i < d)%nat -> eps <= a h i <= eps + G².
Proof.
  intros Hv Hi. pose proof (Rle_0_sqr G). induction Hv as [|k h Hk Hv IH]; [unfold a; simpl; lra|].
  rewrite a_step. pose proof (sq_in i k h Hk Hi). nra.
Qed.
Local Lemma M_pos : 0 < M.
Proof. apply Rdiv_lt_0_compat; auto. apply Rsqr_pos_lt. lra. Qed.
Local Lemma ratio_in i k h : valid n h -> (k < n)%nat -> (i < d)%nat -> 0 <= ratio i k h <= M.
Proof.
  intros Hv Hk Hi. pose proof (a_in h i Hv Hi). pose proof (sq_in i k h Hk Hi).
  unfold ratio, M, Rdiv. split.
  - apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra].
  - apply Rmult_le_compat; try lra; [left; apply Rinv_0_lt_compat; lra | apply Rinv_le_contravar; lra].
Qed.

(* One step of the sum: x ln(1 + w M/beta2)/M <= ln(a'/a) - ln beta2. *)
Local Lemma ratio_log i k h : valid n h -> (k < n)%nat -> (i < d)%nat ->
  ratio i k h * ln (1 + (1 - beta2) * M / beta2) <= M * (ln (a (k :: h) i) - ln (a h i) - ln beta2).
Proof.
  intros Hv Hk Hi. pose proof (a_in h i Hv Hi) as Ha. pose proof (ratio_in i k h Hv Hk Hi) as Hr. pose proof M_pos as HM.
  set (r := ratio i k h) in *. set (Y := (1 - beta2) * M / beta2).
  assert (IM : 0 < / M) by (apply Rinv_0_lt_compat; auto).
  assert (HY : 0 <= Y) by (unfold Y; apply Rmult_le_pos; [nra | left; apply Rinv_0_lt_compat; lra]).
  assert (Hs : 0 <= r / M <= 1).
  { split; [apply Rmult_le_pos; lra|]. apply Rmult_le_reg_r with M; [auto|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  pose proof (ln_concave (r / M) Y Hs HY) as C.
  assert (E : ln (1 + r / M * Y) <= ln (a (k :: h) i) - ln (a h i) - ln beta2).
  { rewrite <- ln_quot, <- ln_quot; try lra.
    2:{ apply Rdiv_lt_0_compat; [|lra]. rewrite a_step. pose proof (sq_in i k h Hk Hi). nra. }
    2:{ rewrite a_step. pose proof (sq_in i k h Hk Hi). nra. }
    apply ln_le_mono; [pose proof (Rmult_le_pos _ _ (proj1 Hs) HY); lra|].
    apply Rmult_le_reg_r with (beta2 * a h i); [apply Rmult_lt_0_compat; lra|].
    replace (a (k :: h) i / a h i / beta2 * (beta2 * a h i)) with (a (k :: h) i) by (field; lra).
    replace ((1 + r / M * Y) * (beta2 * a h i)) with (beta2 * a h i + (1 - beta2) * (r * a h i))
      by (unfold Y; field; lra).
    replace (r * a h i) with (sq i k h) by (unfold r, ratio; field; lra). rewrite a_step. nra. }
  pose proof (Rmult_le_compat_l M _ _ ltac:(lra) (Rle_trans _ _ _ C E)) as Q.
  replace (M * (r / M * ln (1 + Y))) with (r * ln (1 + Y)) in Q by (field; lra). exact Q.
Qed.

Local Lemma ratios i h : valid n h -> (i < d)%nat ->
  path_sum (ratio i) h <= previous_ratio_sum (INR (length h)) G eps beta2.
Proof.
  intros Hv Hi. pose proof M_pos as HM. unfold previous_ratio_sum. fold M.
  set (Lam := ln (1 + (1 - beta2) * M / beta2)).
  assert (PL : 0 < Lam).
  { unfold Lam. rewrite <- ln_1. apply ln_increasing; [lra|].
    assert (0 < (1 - beta2) * M / beta2) by (apply Rdiv_lt_0_compat; nra). lra. }
  rewrite (Rmult_comm M). unfold Rmin. destruct (Rle_dec _ _).
  - induction Hv as [|k h' Hk Hv IH]; [simpl; lra|].
    clear r. cbn [path_sum]. change (length (k :: h')) with (S (length h')). rewrite S_INR.
    assert (P : path_sum (ratio i) h' <= INR (length h') * M).
    { clear IH. induction Hv as [|j h'' Hj Hv IH]; [simpl; lra|].
      cbn [path_sum]. change (length (j :: h'')) with (S (length h'')). rewrite S_INR.
      pose proof (ratio_in i j h'' Hv Hj Hi). lra. }
    pose proof (ratio_in i k h' Hv Hk Hi). lra.
  - assert (H : path_sum (ratio i) h * Lam <= M * (ln (a h i) - ln eps - INR (length h) * ln beta2)).
    { clear n0. induction Hv as [|k h' Hk Hv IH].
      - change (a [] i) with (eps + 0). rewrite Rplus_0_r. simpl. lra.
      - cbn [path_sum]. change (length (k :: h')) with (S (length h')). rewrite S_INR.
        pose proof (ratio_log i k h' Hv Hk Hi) as S. fold Lam in S. rewrite Rmult_plus_distr_r. lra. }
    assert (U : ln (a h i) - ln eps <= ln (1 + M)).
    { pose proof (a_in h i Hv Hi). rewrite <- ln_quot by lra. apply ln_le_mono; [apply Rdiv_lt_0_compat; lra|].
      unfold M. apply Rmult_le_reg_r with eps; [auto|].
      replace (a h i / eps * eps) with (a h i) by (field; lra).
      replace ((1 + G² / eps) * eps) with (eps + G²) by (field; lra). lra. }
    apply Rmult_le_reg_r with Lam; [auto|]. apply Rle_trans with (1 := H).
    replace ((ln (1 + M) - INR (length h) * ln beta2) / Lam * M * Lam)
      with (M * (ln (1 + M) - INR (length h) * ln beta2)) by (field; lra).
    apply Rmult_le_compat_l; lra.
Qed.

Local Lemma mean_step h : valid n h ->
  Ex n p (fun k => Phi (k :: h)) <= Phi h - alpha / radius eps G * sqn d (gF (X h)).
Proof.
  intros Hv. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1.
  assert (S : forall k, (k < n)%nat ->
    Phi (k :: h) <= Phi h - alpha * sum d (fun i => gF (X h) i / sqrt (a h i) * g k (X h) i)).
  { intros k Hk. set (u := fun i => - alpha * g k (X h) i / sqrt (a h i)).
    pose proof (descent d F gF L (X h) u (F_smooth A)) as HF.
    replace (fun i => X h i + u i) with (X (k :: h)) in HF by (rewrite x_step; reflexivity).
    replace (dot d (gF (X h)) u) with (- alpha * sum d (fun i => gF (X h) i / sqrt (a h i) * g k (X h) i)) in HF
      by (unfold dot, u; rewrite <- sum_scal; apply sum_ext; intros; unfold Rdiv; ring).
    replace (sqn d u) with (alpha² * sum d (fun i => ratio i k h)) in HF.
    2:{ unfold sqn, u. rewrite <- sum_scal. apply sum_ext; intros i Hi. pose proof (a_in h i Hv Hi).
        unfold ratio, sq. rewrite <- (sqrt_sqrt (a h i)) at 1 by lra.
        assert (0 < sqrt (a h i)) by (apply sqrt_lt_R0; lra). unfold Rsqr. field. lra. }
    unfold Phi. cbn [path_sum]. rewrite sum_plus. lra. }
  apply Rle_trans with (1 := Ex_le n p Pp _ _ S). rewrite Ex_minus, Ex_const, Ex_scal, Ex_sum by auto.
  apply Rplus_le_compat_l, Ropp_le_contravar. unfold Rdiv at 1. rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|].
  unfold sqn. rewrite <- sum_scal. apply sum_le; intros i Hi. pose proof (a_in h i Hv Hi).
  rewrite Ex_scal, (g_unbiased A) by auto. unfold Rdiv. rewrite Rmult_comm, (Rmult_comm (gF (X h) i) (/ _)), Rmult_assoc.
  rewrite (Rmult_comm (/ sqrt (a h i))). apply Rmult_le_compat_l; [apply Rle_0_sqr|].
  apply Rinv_le_contravar; [apply sqrt_lt_R0; lra | apply sqrt_le_1_alt; lra].
Qed.

Local Lemma telescope T : Exp n p T Phi [] <= F x0 - alpha / radius eps G * sum T (squared_gradient n p d gF X).
Proof.
  induction T as [|T IH].
  - unfold Phi. simpl. rewrite sum_0 by (intros; reflexivity). change (X []) with x0. lra.
  - rewrite Exp_last, sum_S.
    apply Rle_trans with (Exp n p T (fun h => Phi h - alpha / radius eps G * sqn d (gF (X h))) []).
    + apply Exp_le; [apply A | constructor |]. intros h Hv _. apply mean_step; auto.
    + rewrite Exp_lin. fold (squared_gradient n p d gF X T). lra.
Qed.

Theorem adopt_rate T : (0 < T)%nat -> mean_squared_gradient n p d gF X T
  <= adopt_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof.
  intros HT. pose proof (radius_pos eps G eps_pos) as PR. assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  set (Q := previous_ratio_sum (INR T) G eps beta2).
  assert (W : 0 <= alpha² * L / 2) by (pose proof (Rle_0_sqr alpha); pose proof (L_nonneg_of A); nra).
  assert (B : Fstar - alpha² * L / 2 * (INR d * Q) <= Exp n p T Phi []).
  { rewrite <- (Exp_const n p (p_one A) T (Fstar - alpha² * L / 2 * (INR d * Q)) []).
    apply Exp_le; [apply A | constructor|]. intros h Hv Hl. pose proof (F_low A (X h)).
    assert (S : sum d (fun i => path_sum (ratio i) h) <= INR d * Q).
    { apply sum_le_const. intros i Hi. pose proof (ratios i h Hv Hi) as R.
      replace (length h) with T in R by (rewrite Hl; simpl; lia). exact R. }
    pose proof (Rmult_le_compat_l _ _ _ W S). unfold Phi. lra. }
  pose proof (telescope T) as H. unfold mean_squared_gradient, adopt_right. fold Q.
  apply Rmult_le_reg_l with (alpha / radius eps G * INR T).
  { apply Rmult_lt_0_compat; [apply Rdiv_lt_0_compat; lra | auto]. }
  apply Rle_trans with (alpha / radius eps G * sum T (squared_gradient n p d gF X)); [right; field; lra|].
  apply Rle_trans with (F x0 - Fstar + alpha² * L / 2 * (INR d * Q)); [lra|]. right. unfold Rsqr. field. lra.
Qed.
End Adopt.
