(* TNs: AdaGrad-Norm with noise, one denominator eps + sum of |g_t|^2 for all coordinates: T1' of one coordinate with the
   bound Gw on the Euclidean norm of the whole gradient,
       (1/T) sum_t E|grad F(x_{t-1})|^2 <= (R/(alpha sqrt T)) [D0 + (2/5 alpha Gw + alpha^2 L/2) ln(1 + T Gw^2/eps)],
   R = sqrt(eps + Gw^2), Gw = sqrt(d) G. L1 at (1, 2/5) is needed for a denominator b that is more than a + g^2: all that
   its proof uses is that b lies between a and a + Gw^2. *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Logarithm RatioSums Expectation Smoothness Setting Decoupling DecreasingWeights Paths.
From Mada Require Import DecoupledRate.
Import ListNotations.
Local Open Scope R_scope.

(* The point, and the sum of the squared norms. *)
Fixpoint adagrad_norm (d : nat) (g : nat -> vec -> vec) (eps alpha : R) (x0 : vec) (h : hist) : vec * R :=
  match h with
  | [] => (x0, 0)
  | k :: h =>
    let z := adagrad_norm d g eps alpha x0 h in
    let s' := snd z + sqn d (g k (fst z)) in
    (fun i => fst z i - alpha * g k (fst z) i / sqrt (eps + s'), s')
  end.

Definition adagrad_norm_point d g eps alpha x0 (h : hist) : vec := fst (adagrad_norm d g eps alpha x0 h).

Definition adagrad_norm_right (T d D0 L G eps alpha : R) : R :=
  let Gw := sqrt d * G in
  radius eps Gw / (alpha * sqrt T) * (D0 + (2 / 5 * alpha * Gw + alpha² * L / 2) * ln (1 + T * Gw² / eps)).

Section Noise.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha : R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis d_pos : (0 < d)%nat.

Let X := adagrad_norm_point d g eps alpha x0.
Let Gw := sqrt (INR d) * G.
Let sq k h := sqn d (g k (X h)).
Let S0 h := path_sum sq h.
Let b h k := eps + S0 h + sq k h.
Let ratio k h := sq k h / b h k.
Let Phi h := F (X h) - (2 / 5 * alpha * Gw + alpha² * L / 2) * path_sum ratio h.

Local Lemma sums h : snd (adagrad_norm d g eps alpha x0 h) = S0 h.
Proof. induction h as [|k h IH]; [reflexivity|]. simpl. rewrite IH. reflexivity. Qed.
Local Lemma x_step k h : X (k :: h) = fun i => X h i + - alpha * g k (X h) i / sqrt (b h k).
Proof.
  apply functional_extensionality; intros i.
  change (X (k :: h) i) with
    (X h i - alpha * g k (X h) i / sqrt (eps + (snd (adagrad_norm d g eps alpha x0 h) + sq k h))).
  rewrite sums. unfold b. rewrite <- Rplus_assoc. unfold Rdiv. ring.
Qed.
Local Lemma sq_nonneg k h : 0 <= sq k h.
Proof. apply sqn_nonneg. Qed.
Local Lemma Gw_sq : Gw² = INR d * G².
Proof. unfold Gw. rewrite Rsqr_mult, Rsqr_sqrt by apply pos_INR. reflexivity. Qed.
Local Lemma Gw_nonneg : 0 <= Gw.
Proof. apply Rmult_le_pos; [apply sqrt_pos | apply (G_nonneg A d_pos)]. Qed.
Local Lemma sq_up k h : (k < n)%nat -> sq k h <= Gw².
Proof. intros Hk. rewrite Gw_sq. apply sum_le_const. intros i Hi. apply (gsq_le A); auto. Qed.
Local Lemma S0_bound h : valid n h -> 0 <= S0 h <= INR (length h) * Gw².
Proof.
  intros Hv. unfold S0. induction Hv as [|k h Hk Hv IH]; [simpl; lra|].
  change (length (k :: h)) with (S (length h)). rewrite S_INR. simpl.
  pose proof (sq_up k h Hk). pose proof (sq_nonneg k h). lra.
Qed.
Local Lemma b_pos' h k : valid n h -> 0 < b h k.
Proof. intros Hv. pose proof (S0_bound h Hv). pose proof (sq_nonneg k h). unfold b. lra. Qed.

Local Lemma path_step k h : valid n h ->
  Phi (k :: h) <= Phi h - alpha * sum d (fun i => gF (X h) i * g k (X h) i / sqrt (b h k)
                                              + 2 / 5 * Gw * ((g k (X h) i)² / b h k)).
Proof.
  intros Hv. pose proof (b_pos' h k Hv) as Hb. pose proof (sqrt_lt_R0 _ Hb) as Hs.
  set (u := fun i => - alpha * g k (X h) i / sqrt (b h k)).
  pose proof (descent d F gF L (X h) u (F_smooth A)) as HF.
  replace (fun i => X h i + u i) with (X (k :: h)) in HF by (rewrite x_step; reflexivity).
  replace (dot d (gF (X h)) u) with (- alpha * sum d (fun i => gF (X h) i * g k (X h) i / sqrt (b h k))) in HF
    by (unfold dot, u; rewrite <- sum_scal; apply sum_ext; intros; unfold Rdiv; ring).
  replace (sqn d u) with (alpha² * ratio k h) in HF.
  2:{ unfold sqn, u, ratio, sq, sqn. unfold Rdiv at 1. rewrite (Rmult_comm (sum d _)), <- !sum_scal.
      apply sum_ext; intros i Hi. rewrite <- (sqrt_sqrt (b h k)) at 1 by lra. unfold Rsqr; field; lra. }
  unfold Phi. cbn [path_sum]. rewrite sum_plus, !sum_scal.
  replace (sum d (fun i => (g k (X h) i)² / b h k)) with (ratio k h).
  2:{ unfold ratio, sq, sqn, Rdiv. rewrite Rmult_comm, <- sum_scal. apply sum_ext; intros; ring. }
  lra.
Qed.

Local Lemma mean_step h : valid n h ->
  Ex n p (fun k => Phi (k :: h)) <= Phi h - alpha / sqrt (INR (S (length h)) * (eps + Gw²)) * sqn d (gF (X h)).
Proof.
  intros Hv. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1. pose proof (S0_bound h Hv) as HS.
  apply Rle_trans with (1 := Ex_le n p Pp _ _ (fun k _ => path_step k h Hv)).
  rewrite Ex_minus, Ex_const, Ex_scal, Ex_sum by auto. apply Rplus_le_compat_l, Ropp_le_contravar.
  unfold Rdiv at 1. rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|].
  unfold sqn. rewrite <- sum_scal. apply sum_le; intros i Hi.
  set (gi := fun k => g k (X h) i).
  assert (Up : forall k, (k < n)%nat -> b h k <= eps + S0 h + Gw * Gw).
  { intros k Hk. pose proof (sq_up k h Hk) as U. unfold Rsqr in U. unfold b. lra. }
  assert (Low : forall k, eps + S0 h <= b h k) by (intros k; pose proof (sq_nonneg k h); unfold b; lra).
  assert (H := decoupling_between n p gi (b h) (eps + S0 h) Gw Pp P1 ltac:(lra) Gw_nonneg Low Up).
  replace (Ex n p gi) with (gF (X h) i) in H by (symmetry; apply (g_unbiased A); auto).
  rewrite Ex_plus, Ex_scal. apply Rle_trans with (2 := H).
  pose proof (mean_between n p (b h) (eps + S0 h) Gw Pp P1 Low Up) as B.
  rewrite Rmult_comm. apply Rmult_le_compat_l; [apply Rle_0_sqr|]. apply Rinv_le_contravar.
  - apply sqrt_lt_R0. lra.
  - apply sqrt_le_1_alt. rewrite S_INR. pose proof (pos_INR (length h)). unfold Rsqr in *. nra.
Qed.

Local Lemma telescope T : Exp n p T Phi []
  <= F x0 - alpha * sum T (fun t => squared_gradient n p d gF X t / sqrt (INR (S t) * (eps + Gw²))).
Proof.
  induction T as [|T IH]; [unfold Phi; simpl; change (X []) with x0; lra|].
  rewrite Exp_last, sum_S.
  apply Rle_trans with (Exp n p T (fun h => Phi h - alpha / sqrt (INR (S T) * (eps + Gw²)) * sqn d (gF (X h))) []).
  - apply Exp_le; [apply A | constructor |]. intros h Hv Hl.
    replace T with (length h) by (rewrite Hl; simpl; lia). apply mean_step; auto.
  - rewrite Exp_lin. fold (squared_gradient n p d gF X T). unfold Rdiv in *. lra.
Qed.

Local Lemma ratios h : valid n h -> path_sum ratio h <= ln (1 + INR (length h) * Gw² / eps).
Proof.
  intros Hv. assert (P : forall t, 0 <= along sq h t) by (intros; apply along_nonneg; intros; apply sq_nonneg).
  unfold ratio. rewrite (path_sum_quotient sq _ (fun x t => eps + sum t x)).
  - apply Rle_trans with (1 := ratio_sum _ _ eps eps_pos P). rewrite <- path_sum_along. fold (S0 h).
    destruct (S0_bound h Hv) as [H0 H1]. assert (0 < / eps) by (apply Rinv_0_lt_compat; auto).
    apply ln_le_mono; unfold Rdiv; [nra|]. apply Rplus_le_compat_l, Rmult_le_compat_r; lra.
  - intros x y t E. f_equal. apply sum_ext; auto.
  - intros k h'. change (S (length h')) with (length (k :: h')). rewrite <- path_sum_along. unfold b, S0.
    simpl path_sum. ring.
Qed.

Theorem adagrad_norm_noise_rate T : (0 < T)%nat -> mean_squared_gradient n p d gF X T
  <= adagrad_norm_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof.
  intros HT. unfold adagrad_norm_right. fold Gw. set (lg := ln (1 + INR T * Gw² / eps)).
  set (w := 2 / 5 * alpha * Gw + alpha² * L / 2).
  pose proof (radius_pos eps Gw eps_pos) as PR. pose proof Gw_nonneg as PG. pose proof (L_nonneg_of A) as PL.
  assert (W : 0 <= w) by (unfold w; pose proof (Rle_0_sqr alpha); assert (0 <= alpha * Gw) by nra; nra).
  assert (PT : 0 < INR T) by (apply lt_0_INR; auto). pose proof (sqrt_lt_R0 _ PT) as PsT.
  assert (H : alpha * sum T (fun t => squared_gradient n p d gF X t / sqrt (INR (S t) * (eps + Gw²)))
              <= F x0 - Fstar + w * lg).
  { pose proof (telescope T) as K.
    assert (B : Fstar - w * lg <= Exp n p T Phi []).
    { rewrite <- (Exp_const n p (p_one A) T (Fstar - w * lg) []). apply Exp_le; [apply A | constructor|].
      intros h Hv Hl. pose proof (F_low A (X h)). pose proof (ratios h Hv) as R.
      replace (length h) with T in R by (rewrite Hl; simpl; lia). fold lg in R.
      pose proof (Rmult_le_compat_l w _ _ W R). unfold Phi. fold w. lra. }
    lra. }
  rewrite weights_of_radius in H by auto.
  replace (radius eps Gw / (alpha * sqrt (INR T)) * (F x0 - Fstar + w * lg)) with
    (radius eps Gw / alpha * (F x0 - Fstar + w * lg) / sqrt (INR T)) by (field; lra).
  apply (mean_from_weighted A); auto.
  apply Rmult_le_reg_l with (alpha / radius eps Gw); [apply Rdiv_lt_0_compat; lra|].
  apply Rle_trans with (alpha * (weighted_squared_gradient n p d gF X T / radius eps Gw)); [right; field; lra|].
  apply Rle_trans with (1 := H). right. field; lra.
Qed.
End Noise.
