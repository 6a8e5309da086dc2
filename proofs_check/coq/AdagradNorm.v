(* TN: AdaGrad-Norm without noise, b_t^2 = eps + |grad F(x_0)|^2 + .. + |grad F(x_{t-1})|^2,
   x_t = x_{t-1} - (alpha/b_t) grad F(x_{t-1}): with
       B = max(sqrt eps, alpha L) + (2/alpha) (D0 + alpha^2 L ln max(1, alpha L/sqrt eps))
   b_T <= B, so (1/T) sum_t |grad F(x_{t-1})|^2 <= (B^2 - eps)/T. No bound on the gradient is needed.
   TNc: if F is convex and least at xs, |x_0 - xs| <= Delta, also
       (1/T) sum_t F(x_{t-1}) - F(xs) <= (B/(2 alpha T)) (Delta^2 + 2 alpha^2 ln max(1, alpha L/sqrt eps)). *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Smoothness Convexity Logarithm.
Local Open Scope R_scope.

Definition largest_root (D0 L eps alpha : R) : R :=
  Rmax (sqrt eps) (alpha * L) + 2 * (D0 + alpha² * L * ln (Rmax (alpha * L / sqrt eps) 1)) / alpha.

Definition adagrad_norm_convex_right (T D0 Delta L eps alpha : R) : R :=
  largest_root D0 L eps alpha / (2 * alpha * T) * (Delta² + 2 * alpha² * ln (Rmax (alpha * L / sqrt eps) 1)).

Section AdagradNorm.
Variables (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar eps alpha : R) (x : nat -> vec).
Hypothesis F_smooth : smooth d F gF L.
Hypothesis F_low : forall y, Fstar <= F y.
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Let z := fun t => sqn d (gF (x t)).
Let b := fun t => sqrt (eps + sum t z).
Hypothesis x_step : forall t, x (S t) = (fun i => x t i + - (alpha / b (S t)) * gF (x t) i).

Local Lemma L_0 : 0 <= L.
Proof. destruct F_smooth. auto. Qed.
Local Lemma z_nonneg t : 0 <= z t.
Proof. apply sqn_nonneg. Qed.
Local Lemma s_nonneg t : 0 <= sum t z.
Proof. apply sum_nonneg; intros; apply z_nonneg. Qed.
Local Lemma b_pos t : 0 < b t.
Proof. apply sqrt_lt_R0. pose proof (s_nonneg t). lra. Qed.
Local Lemma b_sq t : b t * b t = eps + sum t z.
Proof. apply sqrt_sqrt. pose proof (s_nonneg t). lra. Qed.
Local Lemma b_mono t : b t <= b (S t).
Proof. apply sqrt_le_1_alt. rewrite sum_S. pose proof (z_nonneg t). lra. Qed.
Local Lemma z_is t : z t = (b (S t) - b t) * (b (S t) + b t).
Proof. replace ((b (S t) - b t) * (b (S t) + b t)) with (b (S t) * b (S t) - b t * b t) by ring. rewrite !b_sq, sum_S. ring. Qed.

(* F falls by alpha (1 - alpha L/(2 b)) |g|^2/b. *)
Local Lemma descent_step t : F (x (S t)) <= F (x t) - alpha * (z t / b (S t)) + alpha² * L / 2 * (z t / (b (S t) * b (S t))).
Proof.
  pose proof (b_pos (S t)) as B.
  pose proof (descent d F gF L (x t) (fun i => - (alpha / b (S t)) * gF (x t) i) F_smooth) as H.
  cbv beta in H. rewrite <- x_step in H.
  replace (dot d (gF (x t)) (fun i => - (alpha / b (S t)) * gF (x t) i)) with (- (alpha / b (S t)) * z t) in H.
  2:{ unfold dot, z, sqn. rewrite <- sum_scal. apply sum_ext; intros. unfold Rsqr. ring. }
  replace (sqn d (fun i => - (alpha / b (S t)) * gF (x t) i)) with ((alpha / b (S t))² * z t) in H.
  2:{ unfold z, sqn. rewrite <- sum_scal. apply sum_ext; intros. unfold Rsqr. ring. }
  apply Rle_trans with (1 := H). right. unfold Rsqr. field. lra.
Qed.

Local Lemma ratio_log t : z t / (b (S t) * b (S t)) <= 2 * (ln (b (S t)) - ln (b t)).
Proof.
  pose proof (b_pos (S t)) as B. pose proof (b_pos t) as B0. pose proof (b_mono t) as M. rewrite z_is.
  pose proof (ln_upper (b t / b (S t)) ltac:(apply Rdiv_lt_0_compat; auto)) as Q.
  rewrite ln_quot in Q by auto. set (r := b t / b (S t)) in *.
  assert (r <= 1) by (unfold r; apply Rmult_le_reg_r with (b (S t)); [auto|]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra).
  assert (0 < r) by (unfold r; apply Rdiv_lt_0_compat; auto).
  replace ((b (S t) - b t) * (b (S t) + b t) / (b (S t) * b (S t))) with ((1 - r) * (1 + r)) by (unfold r; field; lra).
  nra.
Qed.

Local Lemma early t : F (x (S t)) <= F (x t) + alpha² * L * (ln (b (S t)) - ln (b t)).
Proof.
  pose proof (descent_step t) as H. pose proof (b_pos (S t)) as B. pose proof (z_nonneg t) as Z.
  assert (0 <= alpha * (z t / b (S t))).
  { apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; auto]. }
  assert (A : 0 <= alpha² * L) by (apply Rmult_le_pos; [apply Rle_0_sqr | apply L_0]).
  pose proof (Rmult_le_compat_l _ _ _ A (ratio_log t)). lra.
Qed.

Local Lemma late t : alpha * L <= b (S t) -> alpha * (b (S t) - b t) <= 2 * (F (x t) - F (x (S t))).
Proof.
  intros H. pose proof (descent_step t) as D. pose proof (b_pos (S t)) as B. pose proof (b_pos t) as B0. pose proof (b_mono t) as M.
  set (y := z t / b (S t)) in *.
  assert (Y : b (S t) - b t <= y).
  { unfold y. rewrite z_is. apply Rmult_le_reg_r with (b (S t)); [auto|].
    replace ((b (S t) - b t) * (b (S t) + b t) / b (S t) * b (S t)) with ((b (S t) - b t) * (b (S t) + b t)) by (field; lra).
    apply Rmult_le_compat_l; lra. }
  assert (E : z t / (b (S t) * b (S t)) = y / b (S t)) by (unfold y; field; lra). rewrite E in D.
  assert (Q : alpha² * L / 2 * (y / b (S t)) <= alpha / 2 * y).
  { replace (alpha² * L / 2 * (y / b (S t))) with (alpha / 2 * y * (alpha * L / b (S t))) by (unfold Rsqr; field; lra).
    rewrite <- (Rmult_1_r (alpha / 2 * y)) at 2. apply Rmult_le_compat_l; [nra|].
    apply Rmult_le_reg_r with (b (S t)); [auto|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  nra.
Qed.

Let M := Rmax (sqrt eps) (alpha * L).
Let lg := ln (Rmax (alpha * L / sqrt eps) 1).
Let D0 := F (x O) - Fstar.

Local Lemma b_0 : b O = sqrt eps.
Proof. unfold b. simpl. f_equal. ring. Qed.

Local Lemma lg_is t : b t <= M -> ln (b t) - ln (sqrt eps) <= lg.
Proof.
  intros H. pose proof (sqrt_lt_R0 eps eps_pos) as R. pose proof (b_pos t) as B. rewrite <- ln_quot by auto.
  assert (P : 0 < b t / sqrt eps) by (apply Rdiv_lt_0_compat; auto).
  assert (U : b t / sqrt eps <= Rmax (alpha * L / sqrt eps) 1).
  { unfold M in H. apply Rmult_le_reg_r with (sqrt eps); [auto|].
    replace (b t / sqrt eps * sqrt eps) with (b t) by (field; lra). revert H. unfold Rmax.
    assert (E : alpha * L / sqrt eps * sqrt eps = alpha * L) by (field; lra).
    repeat destruct (Rle_dec _ _); intros; try lra; rewrite ?E; try lra; nra. }
  destruct U as [U | U]; [left; apply ln_increasing; auto | right; unfold lg; f_equal; auto].
Qed.

(* Either b is still below M, or it has paid for its growth. *)
Local Lemma growth t : F (x t) <= F (x O) + alpha² * L * (ln (b t) - ln (sqrt eps)) /\ b t <= M \/
  alpha * L <= b t /\ alpha * (b t - M) <= 2 * (F (x O) + alpha² * L * lg - F (x t)).
Proof.
  assert (A : 0 <= alpha² * L) by (apply Rmult_le_pos; [apply Rle_0_sqr | apply L_0]).
  induction t as [|t IH].
  - left. rewrite b_0. split; [lra | apply Rmax_l].
  - pose proof (b_mono t) as Q. destruct (Rle_dec (alpha * L) (b (S t))) as [H | H].
    + right. split; [auto|]. pose proof (late t H) as P. destruct IH as [[I1 I2] | [_ I]]; [|lra].
      pose proof (Rmult_le_compat_l _ _ _ A (lg_is t I2)) as R.
      pose proof (Rmult_le_compat_l alpha _ _ ltac:(lra) I2). lra.
    + left. destruct IH as [[I1 I2] | [I _]]; [|lra]. split.
      * pose proof (early t). lra.
      * apply Rle_trans with (alpha * L); [lra | apply Rmax_r].
Qed.

Lemma root_bounded t : b t <= largest_root D0 L eps alpha.
Proof.
  unfold largest_root. fold M lg. pose proof (F_low (x t)) as FL.
  assert (A : 0 <= alpha² * L) by (apply Rmult_le_pos; [apply Rle_0_sqr | apply L_0]).
  assert (G : 0 <= lg) by (apply ln_nonneg, Rmax_r).
  assert (AG : 0 <= alpha² * L * lg) by (apply Rmult_le_pos; auto).
  assert (D : 0 <= D0) by (unfold D0; pose proof (F_low (x O)); lra).
  assert (Z : alpha * (2 * (D0 + alpha² * L * lg) / alpha) = 2 * (D0 + alpha² * L * lg)) by (field; lra).
  apply Rmult_le_reg_l with alpha; [auto|]. rewrite Rmult_plus_distr_l, Z.
  destruct (growth t) as [[_ H] | [_ H]].
  - pose proof (Rmult_le_compat_l alpha _ _ ltac:(lra) H). lra.
  - unfold D0. lra.
Qed.

Theorem adagrad_norm_rate T : (0 < T)%nat ->
  / INR T * sum T (fun t => sqn d (gF (x t))) <= ((largest_root (F (x O) - Fstar) L eps alpha)² - eps) / INR T.
Proof.
  intros HT. pose proof (lt_0_INR T HT) as N. pose proof (root_bounded T) as B. pose proof (b_pos T) as P.
  fold D0. rewrite Rmult_comm. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto|].
  change (sum T z <= (largest_root D0 L eps alpha)² - eps).
  replace (sum T z) with (b T * b T - eps) by (rewrite b_sq; ring). unfold Rsqr. nra.
Qed.

(* ---- TNc *)
Variables (xs : vec) (Delta : R).
Hypothesis F_convex : convex d F gF.
Hypothesis xs_least : F xs = Fstar.
Hypothesis L_pos : 0 < L.
Hypothesis x0_near : sqn d (fun i => x O i - xs i) <= Delta².
Let v := fun t => sqn d (fun i => x t i - xs i).
Let gap := fun t => F (x t) - Fstar.
Let spent := fun t => sum t (fun s => 2 * alpha / b (S s) * gap s).

Local Lemma gap_nonneg t : 0 <= gap t.
Proof. unfold gap. pose proof (F_low (x t)). lra. Qed.

Local Lemma distance_step t :
  2 * alpha / b (S t) * gap t + v (S t) <= v t + z t * (alpha² / (b (S t) * b (S t)) - alpha / (L * b (S t))).
Proof.
  pose proof (b_pos (S t)) as B. set (h := fun i => - (alpha / b (S t)) * gF (x t) i).
  replace (v (S t)) with (sqn d (fun i => (x t i - xs i) + h i)).
  2:{ unfold v. rewrite x_step. apply sum_ext; intros; unfold h, Rsqr; ring. }
  rewrite sqn_plus. fold (v t). unfold h. rewrite sqn_scal. fold (z t).
  replace (dot d (fun i => x t i - xs i) (fun i => - (alpha / b (S t)) * gF (x t) i))
    with (- (alpha / b (S t)) * dot d (gF (x t)) (fun i => x t i - xs i)).
  2:{ unfold dot. rewrite <- sum_scal. apply sum_ext; intros; ring. }
  assert (Low : forall y, F xs <= F y) by (intros y; rewrite xs_least; apply F_low).
  pose proof (convex_smooth d F gF L xs F_smooth Low L_pos (x t) F_convex) as C.
  rewrite xs_least in C. fold (z t) (gap t) in C.
  assert (P : 0 < alpha / b (S t)) by (apply Rdiv_lt_0_compat; auto).
  pose proof (Rmult_le_compat_l (2 * (alpha / b (S t))) _ _ ltac:(lra) C) as Q.
  replace (z t * (alpha² / (b (S t) * b (S t)) - alpha / (L * b (S t)))) with
    ((alpha / b (S t))² * z t - 2 * (alpha / b (S t)) * (z t / (2 * L))) by (unfold Rsqr; field; lra).
  replace ((- (alpha / b (S t)))²) with ((alpha / b (S t))²) by (unfold Rsqr; ring).
  unfold Rdiv in *. lra.
Qed.

Local Lemma nearer t : spent t + v t <= v O + 2 * alpha² * (ln (b t) - ln (sqrt eps)) /\ b t <= M \/
  alpha * L <= b t /\ spent t + v t <= v O + 2 * alpha² * lg.
Proof.
  pose proof (Rle_0_sqr alpha) as A.
  induction t as [|t IH].
  - left. rewrite b_0. unfold spent. simpl. split; [lra | apply Rmax_l].
  - pose proof (distance_step t) as D. pose proof (z_nonneg t) as Z. pose proof (b_pos (S t)) as B.
    unfold spent in *. rewrite sum_S. destruct (Rle_dec (alpha * L) (b (S t))) as [H | H].
    + right. split; [auto|].
      assert (N : z t * (alpha² / (b (S t) * b (S t)) - alpha / (L * b (S t))) <= 0).
      { replace (z t * (alpha² / (b (S t) * b (S t)) - alpha / (L * b (S t)))) with
          (- (z t * (alpha / (L * (b (S t) * b (S t)))) * (b (S t) - alpha * L))) by (unfold Rsqr; field; lra).
        assert (P : 0 < alpha / (L * (b (S t) * b (S t)))) by (apply Rdiv_lt_0_compat; auto; repeat apply Rmult_lt_0_compat; auto).
        pose proof (Rmult_le_pos _ (b (S t) - alpha * L) (Rmult_le_pos _ _ Z (Rlt_le _ _ P)) ltac:(lra)). lra. }
      destruct IH as [[I1 I2] | [_ I]]; [|lra].
      pose proof (Rmult_le_compat_l _ _ _ A (lg_is t I2)) as R. lra.
    + left. destruct IH as [[I1 I2] | [I _]].
      2:{ pose proof (b_mono t). lra. }
      split; [|apply Rle_trans with (alpha * L); [lra | apply Rmax_r]].
      pose proof (Rmult_le_compat_l _ _ _ A (ratio_log t)) as R.
      assert (0 <= z t * (alpha / (L * b (S t)))).
      { apply Rmult_le_pos; [auto|]. left. apply Rdiv_lt_0_compat; auto; apply Rmult_lt_0_compat; auto. }
      replace (z t * (alpha² / (b (S t) * b (S t)) - alpha / (L * b (S t)))) with
        (alpha² * (z t / (b (S t) * b (S t))) - z t * (alpha / (L * b (S t)))) in D by (field; lra).
      lra.
Qed.

Local Lemma b_up s t : (s <= t)%nat -> b s <= b t.
Proof. induction 1; [lra|]. pose proof (b_mono m). lra. Qed.

Theorem adagrad_norm_convex T : (0 < T)%nat -> / INR T * sum T (fun t => F (x t) - Fstar)
  <= adagrad_norm_convex_right (INR T) (F (x O) - Fstar) Delta L eps alpha.
Proof.
  intros HT. pose proof (lt_0_INR T HT) as N. pose proof (b_pos T) as P. pose proof (Rle_0_sqr alpha) as A.
  assert (G : 0 <= lg) by (apply ln_nonneg, Rmax_r).
  pose proof (root_bounded T) as Root. set (B := largest_root D0 L eps alpha) in *.
  assert (E : spent T <= Delta² + 2 * alpha² * lg).
  { pose proof (sqn_nonneg d (fun i => x T i - xs i)) as V. fold (v T) in V. fold (v O) in x0_near.
    destruct (nearer T) as [[H1 H2] | [_ H]]; [|lra].
    pose proof (Rmult_le_compat_l _ _ _ A (lg_is T H2)). lra. }
  assert (W : 2 * alpha / b T * sum T gap <= spent T).
  { unfold spent. rewrite <- sum_scal. apply sum_le; intros s Hs. apply Rmult_le_compat_r; [apply gap_nonneg|].
    apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; [apply b_pos | apply b_up; lia]. }
  assert (S0 : sum T gap <= b T / (2 * alpha) * (Delta² + 2 * alpha² * lg)).
  { apply Rmult_le_reg_l with (2 * alpha / b T); [apply Rdiv_lt_0_compat; lra|].
    apply Rle_trans with (1 := W), Rle_trans with (1 := E). right. field. lra. }
  assert (K : 0 <= Delta² + 2 * alpha² * lg) by (pose proof (Rle_0_sqr Delta); nra).
  unfold adagrad_norm_convex_right. fold lg D0. fold B.
  replace (B / (2 * alpha * INR T) * (Delta² + 2 * alpha² * lg))
    with (/ INR T * (B / (2 * alpha) * (Delta² + 2 * alpha² * lg))) by (field; lra).
  apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto|]. apply Rle_trans with (1 := S0).
  apply Rmult_le_compat_r; [auto|]. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra | auto].
Qed.
End AdagradNorm.
