(* The proof that all methods without momentum share, with a bound in data-dependent form.

   The method is x_t = x_{t-1} - alpha g_t/sqrt(b_t), and given the past each b_{t,i} = a_{t,i} + W_{t,i} g_{t,i}^2 with
   a_{t,i} > 0 and W_{t,i} > 0 known before the draw. If a + W G^2 <= M_t, then for every pair (c, K) of L1
       alpha c sum_t E|grad F(x_{t-1})|^2/sqrt(M_t)
         <= F(x_0) - F_star + sum_i ( K alpha G E sum_t sqrt(W_{t,i}) g_{t,i}^2/b_{t,i}
                                      + (alpha^2 L/2) E sum_t g_{t,i}^2/b_{t,i} ),
   and with N_i in the place of L where F is smooth by coordinate.
   Proof: descent lemma (L4) along each path, L1 in the mean, for the potential
       F(x) - sum_i (K alpha G sum sqrt(W) g^2/b + (alpha^2 N_i/2) sum g^2/b). *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Expectation Smoothness Setting Decoupling DecreasingWeights Paths.
Import ListNotations.
Local Open Scope R_scope.

(* What the draw k adds to the two sums of coordinate i. *)
Definition square (g : nat -> vec -> vec) (x : hist -> vec) (i : nat) (k : nat) (h : hist) : R := (g k (x h) i)².
Definition ratio g x (a W : hist -> vec) i k h : R := square g x i k h / (a h i + W h i * square g x i k h).
Definition weighted_ratio g x (a W : hist -> vec) i k h : R := sqrt (W h i) * ratio g x a W i k h.

Section DecoupledRate.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variable N : vec.
Hypothesis curved : smooth_by_coordinate d F gF N.
Variables (c K : R).
Hypothesis c_pos : 0 < c.
Hypothesis K_nonneg : 0 <= K.
Hypothesis L1 : decoupling c K.
Variables (alpha : R) (x : hist -> vec) (a W : hist -> vec) (M : nat -> R).
Hypothesis alpha_pos : 0 < alpha.
Hypothesis x_step : forall k h,
  x (k :: h) = fun i => x h i + - alpha * g k (x h) i / sqrt (a h i + W h i * square g x i k h).
Hypothesis a_pos : forall h i, valid n h -> (i < d)%nat -> 0 < a h i.
Hypothesis W_pos : forall h i, valid n h -> (i < d)%nat -> 0 < W h i.
Hypothesis b_up : forall h i, valid n h -> (i < d)%nat -> a h i + W h i * G² <= M (S (length h)).

Let b h i k := a h i + W h i * square g x i k h.
Let lost k h i := K * alpha * G * weighted_ratio g x a W i k h + alpha² / 2 * (N i * ratio g x a W i k h).
Let Phi h := F (x h) - path_sum (fun k h => sum d (lost k h)) h.

Local Lemma b_pos h i k : valid n h -> (i < d)%nat -> 0 < b h i k.
Proof.
  intros Hv Hi. pose proof (a_pos h i Hv Hi). pose proof (W_pos h i Hv Hi). pose proof (Rle_0_sqr (g k (x h) i)).
  unfold b, square. nra.
Qed.

(* L4 along a path. *)
Local Lemma path_step k h : valid n h ->
  Phi (k :: h) <= Phi h - alpha * sum d (fun i => gF (x h) i * g k (x h) i / sqrt (b h i k)
                                             + K * G * sqrt (W h i) * ratio g x a W i k h).
Proof.
  intros Hv. set (u := fun i => - alpha * g k (x h) i / sqrt (b h i k)).
  pose proof (descent_by_coordinate d F gF N (x h) u curved) as HF.
  replace (fun i => x h i + u i) with (x (k :: h)) in HF by (rewrite x_step; reflexivity).
  replace (dot d (gF (x h)) u) with (- alpha * sum d (fun i => gF (x h) i * g k (x h) i / sqrt (b h i k))) in HF
    by (unfold dot, u; rewrite <- sum_scal; apply sum_ext; intros; unfold Rdiv; ring).
  replace (sum d (fun i => N i * (u i)²)) with (alpha² * sum d (fun i => N i * ratio g x a W i k h)) in HF.
  2:{ unfold u. rewrite <- sum_scal. apply sum_ext; intros i Hi.
      pose proof (b_pos h i k Hv Hi) as Hb. unfold ratio. fold (b h i k). unfold square.
      rewrite <- (sqrt_sqrt (b h i k)) at 1 by lra. pose proof (sqrt_lt_R0 _ Hb). unfold Rsqr; field; lra. }
  unfold Phi. cbn [path_sum]. unfold lost at 2. rewrite !sum_plus, !sum_scal.
  replace (sum d (fun i => K * G * sqrt (W h i) * ratio g x a W i k h))
    with (K * G * sum d (fun i => weighted_ratio g x a W i k h))
    by (rewrite <- sum_scal; apply sum_ext; intros; unfold weighted_ratio; ring).
  lra.
Qed.

(* L1 in the mean, coordinate by coordinate. *)
Local Lemma mean_step h : valid n h ->
  Ex n p (fun k => Phi (k :: h)) <= Phi h - alpha * c / sqrt (M (S (length h))) * sqn d (gF (x h)).
Proof.
  intros Hv. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1.
  apply Rle_trans with (1 := Ex_le n p Pp _ _ (fun k _ => path_step k h Hv)).
  rewrite Ex_minus, Ex_const, Ex_scal, Ex_sum by auto. apply Rplus_le_compat_l, Ropp_le_contravar.
  unfold Rdiv at 1. rewrite !Rmult_assoc. apply Rmult_le_compat_l; [lra|].
  unfold sqn. rewrite <- !sum_scal. apply sum_le; intros i Hi.
  set (gi := fun k => g k (x h) i). pose proof (a_pos h i Hv Hi) as Ha. pose proof (W_pos h i Hv Hi) as HW.
  assert (H := L1 n p gi G (a h i) (W h i) Pp P1 Ha HW (fun k Hk => g_bnd A k (x h) i Hk Hi)).
  unfold decoupled_left, decoupled_right in H.
  replace (Ex n p gi) with (gF (x h) i) in H by (symmetry; apply (g_unbiased A); auto).
  rewrite Ex_plus, Ex_scal.
  apply Rle_trans with (2 := H).
  assert (Hm : 0 <= Ex n p (fun k => (gi k)²) <= G²).
  { split; [apply Ex_nonneg; auto; intros; apply Rle_0_sqr|].
    rewrite <- (Ex_const n p P1 (G²)). apply Ex_le; auto.
    intros k Hk. apply (gsq_le A); auto. }
  unfold Rdiv. rewrite !Rmult_assoc, (Rmult_comm (/ _)). apply Rmult_le_compat_l; [lra|].
  apply Rmult_le_compat_l; [apply Rle_0_sqr|]. apply Rinv_le_contravar.
  - apply sqrt_lt_R0. nra.
  - apply sqrt_le_1_alt. pose proof (b_up h i Hv Hi). nra.
Qed.

Local Lemma telescope T : Exp n p T Phi []
  <= F (x []) - alpha * c * sum T (fun t => squared_gradient n p d gF x t / sqrt (M (S t))).
Proof.
  induction T as [|T IH]; [simpl; unfold Phi; simpl; lra|].
  rewrite Exp_last, sum_S.
  apply Rle_trans with (Exp n p T (fun h => Phi h - alpha * c / sqrt (M (S T)) * sqn d (gF (x h))) []).
  - apply Exp_le; [apply A | constructor |]. intros h Hv Hl.
    replace T with (length h) by (rewrite Hl; simpl; lia). apply mean_step; auto.
  - rewrite Exp_lin. fold (squared_gradient n p d gF x T). unfold Rdiv in *. lra.
Qed.

Theorem decoupled_rate_by_coordinate T :
  alpha * c * sum T (fun t => squared_gradient n p d gF x t / sqrt (M (S t)))
  <= F (x []) - Fstar + sum d (fun i =>
       K * alpha * G * Exp n p T (path_sum (weighted_ratio g x a W i)) []
       + alpha² / 2 * (N i * Exp n p T (path_sum (ratio g x a W i)) [])).
Proof.
  pose proof (telescope T) as H.
  assert (E : forall h, path_sum (fun k h => sum d (lost k h)) h
    = sum d (fun i => K * alpha * G * path_sum (weighted_ratio g x a W i) h
                      + alpha² / 2 * (N i * path_sum (ratio g x a W i) h))).
  { induction h as [|k h IH]; [symmetry; apply sum_0; intros; simpl; ring|].
    cbn [path_sum]. rewrite IH, <- sum_plus. apply sum_ext; intros i _. unfold lost. ring. }
  assert (B : Exp n p T (fun h => Fstar - 1 * path_sum (fun k h => sum d (lost k h)) h) [] <= Exp n p T Phi []).
  { apply Exp_le; [apply A | constructor |]. intros h _ _. pose proof (F_low A (x h)).
    unfold Phi. lra. }
  rewrite Exp_lin, Exp_const in B by apply A.
  replace (Exp n p T (path_sum (fun k h => sum d (lost k h))) []) with
    (sum d (fun i => K * alpha * G * Exp n p T (path_sum (weighted_ratio g x a W i)) []
       + alpha² / 2 * (N i * Exp n p T (path_sum (ratio g x a W i)) []))) in B; [lra|].
  transitivity (Exp n p T (fun h => sum d (fun i => K * alpha * G * path_sum (weighted_ratio g x a W i) h
                      + alpha² / 2 * (N i * path_sum (ratio g x a W i) h))) []).
  - rewrite Exp_sum. apply sum_ext; intros i _. rewrite Exp_plus, !Exp_scal. reflexivity.
  - apply Exp_ext; [apply A | constructor |]. intros h _ _. symmetry. apply E.
Qed.

(* With sums of ratios below K1 and K2 on every path. *)
Theorem decoupled_rate_bounded_by_coordinate T K1 K2 :
  (forall h i, valid n h -> length h = T -> (i < d)%nat -> path_sum (weighted_ratio g x a W i) h <= K1) ->
  (forall h i, valid n h -> length h = T -> (i < d)%nat -> path_sum (ratio g x a W i) h <= K2) ->
  alpha * c * sum T (fun t => squared_gradient n p d gF x t / sqrt (M (S t)))
  <= F (x []) - Fstar + (INR d * (K * alpha * G * K1) + alpha² / 2 * (sum d N * K2)).
Proof.
  intros H1 H2. apply Rle_trans with (1 := decoupled_rate_by_coordinate T). apply Rplus_le_compat_l.
  rewrite <- sum_const, (Rmult_comm (sum d N)), <- !sum_scal, <- sum_plus. apply sum_le. intros i Hi.
  assert (HG : 0 <= G) by (apply (G_nonneg A); lia).
  pose proof (N_nonneg _ _ _ _ curved i Hi) as HN. pose proof (Rle_0_sqr alpha).
  assert (B : forall X C, (forall h, valid n h -> length h = T -> X h <= C) -> Exp n p T X [] <= C).
  { intros X C HX. rewrite <- (Exp_const n p (p_one A) T C []).
    apply Exp_le; [apply A | constructor |]. intros h Hv Hl. apply HX; auto. simpl in Hl. lia. }
  apply Rplus_le_compat; apply Rmult_le_compat_l.
  - repeat apply Rmult_le_pos; lra.
  - apply B. intros; apply H1; auto.
  - lra.
  - rewrite (Rmult_comm K2). apply Rmult_le_compat_l; [auto|]. apply B. intros; apply H2; auto.
Qed.
End DecoupledRate.

(* N_i = L. *)
Section OneConstant.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (c K : R).
Hypothesis c_pos : 0 < c.
Hypothesis K_nonneg : 0 <= K.
Hypothesis L1 : decoupling c K.
Variables (alpha : R) (x : hist -> vec) (a W : hist -> vec) (M : nat -> R).
Hypothesis alpha_pos : 0 < alpha.
Hypothesis x_step : forall k h,
  x (k :: h) = fun i => x h i + - alpha * g k (x h) i / sqrt (a h i + W h i * square g x i k h).
Hypothesis a_pos : forall h i, valid n h -> (i < d)%nat -> 0 < a h i.
Hypothesis W_pos : forall h i, valid n h -> (i < d)%nat -> 0 < W h i.
Hypothesis b_up : forall h i, valid n h -> (i < d)%nat -> a h i + W h i * G² <= M (S (length h)).

Let curved := smooth_in_every_coordinate d F gF L (F_smooth A).

Theorem decoupled_rate T :
  alpha * c * sum T (fun t => squared_gradient n p d gF x t / sqrt (M (S t)))
  <= F (x []) - Fstar + sum d (fun i =>
       K * alpha * G * Exp n p T (path_sum (weighted_ratio g x a W i)) []
       + alpha² * L / 2 * Exp n p T (path_sum (ratio g x a W i)) []).
Proof.
  apply Rle_trans with (1 := decoupled_rate_by_coordinate n p d F gF L Fstar g G A _ curved c K c_pos L1 alpha x a W M
    alpha_pos x_step a_pos W_pos b_up T).
  right. f_equal. apply sum_ext; intros i _. field.
Qed.

(* With sums of ratios below K1 and K2 on every path. *)
Theorem decoupled_rate_bounded T K1 K2 :
  (forall h i, valid n h -> length h = T -> (i < d)%nat -> path_sum (weighted_ratio g x a W i) h <= K1) ->
  (forall h i, valid n h -> length h = T -> (i < d)%nat -> path_sum (ratio g x a W i) h <= K2) ->
  alpha * c * sum T (fun t => squared_gradient n p d gF x t / sqrt (M (S t)))
  <= F (x []) - Fstar + INR d * (K * alpha * G * K1 + alpha² * L / 2 * K2).
Proof.
  intros H1 H2.
  apply Rle_trans with (1 := decoupled_rate_bounded_by_coordinate n p d F gF L Fstar g G A _ curved c K c_pos K_nonneg
    L1 alpha x a W M alpha_pos x_step a_pos W_pos b_up T K1 K2 H1 H2).
  right. rewrite sum_const. field.
Qed.
End OneConstant.

(* From weights 1/sqrt(t) to the plain mean: L5. *)
Lemma mean_from_weighted n p d F gF L Fstar g G (A : assumptions n p d F gF L Fstar g G) x T bound : (0 < T)%nat ->
  weighted_squared_gradient n p d gF x T <= bound ->
  mean_squared_gradient n p d gF x T <= bound / sqrt (INR T).
Proof.
  intros HT H. assert (PT : 0 < INR T) by (apply lt_0_INR; auto). pose proof (sqrt_lt_R0 _ PT) as PsT.
  pose proof (decreasing_weights T _ HT (squared_gradient_nonneg A x)) as H5.
  unfold mean_squared_gradient.
  replace (/ INR T * sum T (squared_gradient n p d gF x))
    with (sum T (squared_gradient n p d gF x) / sqrt (INR T) / sqrt (INR T)).
  - apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto|]. apply Rle_trans with (1 := H5), H.
  - rewrite <- (sqrt_sqrt (INR T)) at 3 by lra. field; lra.
Qed.

(* The left side of decoupled_rate where M_t = t R^2. *)
Lemma weights_of_radius n p d gF x T eps G : 0 < eps ->
  sum T (fun t => squared_gradient n p d gF x t / sqrt (INR (S t) * (eps + G²)))
  = weighted_squared_gradient n p d gF x T / radius eps G.
Proof.
  intros He. pose proof (radius_pos eps G He) as HR. unfold weighted_squared_gradient, Rdiv at 2.
  rewrite Rmult_comm, <- sum_scal. apply sum_ext; intros t _. pose proof (INR_S_pos t) as Ht.
  pose proof (Rle_0_sqr G). rewrite sqrt_mult by lra. fold (radius eps G).
  pose proof (sqrt_lt_R0 _ Ht). field; lra.
Qed.

Arguments mean_from_weighted {n p d F gF L Fstar g G}.
