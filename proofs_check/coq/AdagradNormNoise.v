(* TNs: AdaGrad-Norm with noise, one denominator eps + sum of |g_t|^2 for all coordinates: T1' of one coordinate with the
   bound Gw on the Euclidean norm of the whole gradient,
       (1/T) sum_t E|grad F(x_{t-1})|^2 <= (R/(alpha sqrt T)) [D0 + (2/5 alpha Gw + alpha^2 L/2) ln(1 + T Gw^2/eps)],
   R = sqrt(eps + Gw^2), Gw = sqrt(d) G. L1 at (1, 2/5) is needed for a denominator b that is more than a + g^2: all that
   its proof uses is that b lies between a and a + Gw^2. *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Logarithm RatioSums Expectation Smoothness Setting DecreasingWeights Paths DecoupledRate.
Import ListNotations.
Local Open Scope R_scope.

Section Between.
Variables (n : nat) (p g b : nat -> R) (a r : R).
Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.
Hypothesis p_one : sum n p = 1.
Hypothesis a_pos : 0 < a.
Hypothesis r_nonneg : 0 <= r.
Hypothesis b_low : forall k, a <= b k.
Hypothesis b_up : forall k, (k < n)%nat -> b k <= a + r * r.

Local Notation E := (Ex n p).
Let q k := sqrt (b k).
Let s := sqrt (E b).
Let Q := E (fun k => (g k)² / b k).
Let m := E g.
Let gap := s - E q.

Local Lemma b_pos k : 0 < b k.
Proof. pose proof (b_low k). lra. Qed.
Local Lemma q_pos k : 0 < q k.
Proof. apply sqrt_lt_R0, b_pos. Qed.
Local Lemma q_sq k : q k * q k = b k.
Proof. apply sqrt_sqrt. pose proof (b_pos k); lra. Qed.
Local Lemma mean_between : a <= E b <= a + r * r.
Proof.
  split; [rewrite <- (Ex_const n p p_one a) | rewrite <- (Ex_const n p p_one (a + r * r))]; apply Ex_le; auto.
Qed.
Local Lemma s_pos : 0 < s.
Proof. apply sqrt_lt_R0. pose proof mean_between. lra. Qed.
Local Lemma s_sq : s * s = E b.
Proof. apply sqrt_sqrt. pose proof mean_between. lra. Qed.
Local Lemma Q_nonneg : 0 <= Q.
Proof.
  apply Ex_nonneg; auto; intros k _. apply Rmult_le_pos; [apply Rle_0_sqr|].
  left; apply Rinv_0_lt_compat, b_pos.
Qed.

Local Lemma jensen : exists r0 r1, 0 < r0 /\ r0 <= s <= r1 /\ r1 * r1 - r0 * r0 = r * r
  /\ (r0 + r1) * gap <= (s - r0) * (r1 - s).
Proof.
  exists (sqrt a), (sqrt (a + r * r)). set (r0 := sqrt a). set (r1 := sqrt (a + r * r)).
  assert (H0 : r0 * r0 = a) by (apply sqrt_sqrt; lra).
  assert (H1 : r1 * r1 = a + r * r) by (apply sqrt_sqrt; nra).
  pose proof mean_between as Hm. assert (Hs : r0 <= s <= r1) by (split; apply sqrt_le_1_alt; lra).
  split; [apply sqrt_lt_R0; lra|]. split; [auto|]. split; [lra|].
  assert (Hk : 0 <= E (fun k => (q k - r0) * (r1 - q k))).
  { apply Ex_nonneg; auto. intros k Hk.
    assert (r0 <= q k) by (apply sqrt_le_1_alt; apply b_low).
    assert (q k <= r1) by (apply sqrt_le_1_alt; apply b_up; auto). apply Rmult_le_pos; lra. }
  replace (E (fun k => (q k - r0) * (r1 - q k))) with ((r0 + r1) * E q - E b - r0 * r1) in Hk.
  - rewrite <- s_sq in Hk. unfold gap. nra.
  - rewrite <- (Ex_const n p p_one (r0 * r1)), <- Ex_scal, <- !Ex_minus.
    apply Ex_ext; intros k _. rewrite <- q_sq. ring.
Qed.

Local Lemma jensen_gap : gap <= r / 4.
Proof.
  destruct jensen as (r0 & r1 & P0 & P01 & H & Hq).
  assert (r1 - r0 <= r) by (apply Rnot_lt_le; intros K; nra).
  apply Rmult_le_reg_l with (r0 + r1); [lra|]. apply Rle_trans with (1 := Hq).
  pose proof (Rle_0_sqr (s - (r0 + r1) / 2)). unfold Rsqr in *. nra.
Qed.

Local Lemma jensen_gap_s : s * gap <= 4 / 27 * (r * r).
Proof.
  destruct jensen as (r0 & r1 & P0 & P01 & H & Hq). rewrite <- H. pose proof s_pos as Ps.
  pose (y := s - r0). pose (z := r1 - r0). assert (Hy : 0 <= y <= z) by (unfold y, z; lra).
  assert (K1 : y * (z - y) <= z * z / 4)
    by (pose proof (Rle_0_sqr (y - z / 2)); unfold Rsqr in *; nra).
  assert (K2 : y * y * (z - y) <= 4 / 27 * (z * z * z)).
  { assert (0 <= (y - 2 / 3 * z)² * (y + z / 3)) by (apply Rmult_le_pos; [apply Rle_0_sqr | lra]).
    unfold Rsqr in *. lra. }
  assert (K3 : 0 <= r0 * r0 * z) by (apply Rmult_le_pos; nra).
  assert (K4 : r0 * (y * (z - y)) <= r0 * (z * z / 4)) by (apply Rmult_le_compat_l; lra).
  assert (K5 : 0 <= r0 * (z * z)) by (apply Rmult_le_pos; nra).
  assert (K : s * ((s - r0) * (r1 - s)) <= (r0 + r1) * (4 / 27 * (r1 * r1 - r0 * r0))).
  { replace s with (r0 + y) by (unfold y; ring). replace r1 with (r0 + z) by (unfold z; ring). lra. }
  apply Rmult_le_reg_l with (r0 + r1); [lra|]. apply Rle_trans with (2 := K).
  apply Rle_trans with (s * ((r0 + r1) * gap)); [lra|]. apply Rmult_le_compat_l; lra.
Qed.

Let D := E (fun k => g k / q k * (s - q k)).

Local Lemma split : E (fun k => m * g k / sqrt (b k)) = m² / s + m / s * D.
Proof.
  pose proof s_pos as Ps. unfold D. rewrite <- Ex_scal.
  replace (m² / s) with (m / s * m) by (unfold Rsqr; field; lra).
  unfold m at 3. rewrite <- (Ex_scal n p (m / s) g), <- Ex_plus. apply Ex_ext; intros k _.
  fold (q k). pose proof (q_pos k). field; lra.
Qed.

Local Lemma cauchy_phi tau : (tau * m - D)² <= Q * (tau² * (s * s) + 2 * (tau + 1) * (s * gap)).
Proof.
  assert (HQ : E (fun k => (g k / q k)²) = Q).
  { apply Ex_ext; intros k _. rewrite <- q_sq. pose proof (q_pos k). unfold Rsqr; field; lra. }
  replace (tau * m - D) with (E (fun k => g k / q k * ((tau + 1) * q k - s))).
  2:{ unfold D, m. rewrite <- Ex_scal, <- Ex_minus. apply Ex_ext; intros k _.
      pose proof (q_pos k). field; lra. }
  replace (tau² * (s * s) + 2 * (tau + 1) * (s * gap)) with (E (fun k => ((tau + 1) * q k - s)²)).
  2:{ replace (tau² * (s * s) + 2 * (tau + 1) * (s * gap))
        with ((tau + 1)² * E b - 2 * (tau + 1) * s * E q + s * s)
        by (rewrite <- s_sq; unfold gap, Rsqr; ring).
      rewrite <- (Ex_const n p p_one (s * s)), <- !Ex_scal, <- Ex_minus, <- Ex_plus.
      apply Ex_ext; intros k _. rewrite <- q_sq. unfold Rsqr; ring. }
  rewrite <- HQ. apply (cauchy_weighted n p (fun k => g k / q k)); auto.
Qed.

Lemma decoupling_between :
  (Ex n p g)² / sqrt (Ex n p b)
  <= Ex n p (fun k => Ex n p g * g k / sqrt (b k)) + 2 / 5 * r * Ex n p (fun k => (g k)² / b k).
Proof.
  fold s m. change (E (fun k => (g k)² / b k)) with Q. rewrite split. pose proof s_pos as Ps. pose proof Q_nonneg as PQ.
  assert (HD : - (s * (2 / 5 * r * Q)) <= m * D).
  { pose proof jensen_gap as J1. pose proof jensen_gap_s as J2.
    destruct r_nonneg as [Pr | Z].
    - set (tau := r / (2 * s)).
      assert (Ht : 0 < tau) by (apply Rdiv_lt_0_compat; lra).
      assert (Hts : tau * s = r / 2) by (unfold tau; field; lra).
      pose proof (cauchy_phi tau) as HC.
      assert (HB : tau² * (s * s) + 2 * (tau + 1) * (s * gap) <= 4 * tau * (s * (2 / 5 * r))).
      { replace (tau² * (s * s) + 2 * (tau + 1) * (s * gap)) with
          ((tau * s) * (tau * s) + 2 * (tau * s) * gap + 2 * (s * gap)) by (unfold Rsqr; ring).
        replace (4 * tau * (s * (2 / 5 * r))) with (8 / 5 * ((tau * s) * r)) by field.
        rewrite Hts. pose proof (Rle_0_sqr r). unfold Rsqr in *.
        apply (Rmult_le_compat_l r) in J1; lra. }
      apply Rmult_le_reg_l with (4 * tau); [lra|].
      replace (4 * tau * (m * D)) with ((tau * m + D)² - (tau * m - D)²) by (unfold Rsqr; ring).
      apply (Rmult_le_compat_l Q) in HB; [|auto].
      pose proof (Rle_0_sqr (tau * m + D)). lra.
    - pose proof (cauchy_phi 0) as HC. rewrite <- Z in *.
      assert (D² <= 0) by (unfold Rsqr in *; nra).
      assert (D = 0) by (apply Rsqr_0_uniq; pose proof (Rle_0_sqr D); lra). nra. }
  apply Rmult_le_reg_l with s; [auto|].
  replace (s * (m² / s)) with (m²) by (field; lra).
  replace (s * (m² / s + m / s * D + 2 / 5 * r * Q)) with (m² + m * D + s * (2 / 5 * r * Q)) by (field; lra). lra.
Qed.
End Between.

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
