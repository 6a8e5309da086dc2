(* T5hp: AVGrad without momentum, step alpha/sqrt(t), for every number of steps T and every 0 < q < 1: the probability
   that sum_{s<=t} |grad F(x_{s-1})|^2/sqrt(s) exceeds
       (R/alpha) [D0 + d (alpha G sqrt(w) + alpha^2 L/2) K2(t) + 4 d alpha G ln(1/q)/sqrt(w)]
   at some t <= T is at most q, K2 of L2 (d), w = 1-beta2. As the event grows with T, it is at most q for all t at once.

   N = exp((sqrt(w)/(4dG)) sum of the excess over all steps and coordinates) is a supermartingale (ExponentialMoment.v, and
   convexity over coordinates), so that it ever reaches 1/q with probability at most q (Ville); and the descent lemma along
   a path says that it does wherever the bound fails. *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Expectation Smoothness Setting Decoupling DecreasingWeights.
From Mada Require Import AVGradWeights AVGradRatioSum Paths DecoupledRate AVGradRate ExponentialMoment.
Import ListNotations.
Local Open Scope R_scope.

(* 1 if X was above bound after some of the draws so far, 0 else; bound depends on their number. *)
Fixpoint ever_above (X : hist -> R) (bound : nat -> R) (h : hist) : R :=
  match h with
  | [] => if Rlt_dec (bound O) (X []) then 1 else 0
  | k :: h => if Rlt_dec (bound (S (length h))) (X (k :: h)) then 1 else ever_above X bound h
  end.

(* sum_{s<=t} |grad F(x_{s-1})|^2/sqrt(s) of a path. *)
Definition weighted_so_far (d : nat) (gF : vec -> vec) (x : hist -> vec) (h : hist) : R :=
  path_sum (fun k h => sqn d (gF (x h)) / sqrt (INR (S (length h)))) h.

Definition avgrad_high_probability_right (T d D0 L G eps alpha beta2 q : R) : R :=
  radius eps G / alpha * (D0 + d * ((alpha * G * sqrt (1 - beta2) + alpha² * L / 2) * K2_avgrad T G eps beta2
    - 4 * alpha * G * ln q / sqrt (1 - beta2))).

(* Ville's inequality on a tree. *)
Section Ville.
Variables (n : nat) (p : nat -> R).
Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.
Hypothesis p_one : sum n p = 1.
Variables (X : hist -> R) (bound : nat -> R) (N : hist -> R) (q : R).
Hypothesis q_pos : 0 < q.
Hypothesis N_nonneg : forall h, 0 <= N h.
Hypothesis N_falls : forall h, valid n h -> Ex n p (fun k => N (k :: h)) <= N h.
Hypothesis above : forall h, valid n h -> bound (length h) < X h -> / q <= N h.

Local Lemma ever_01 h : 0 <= ever_above X bound h <= 1.
Proof. induction h as [|k h IH]; simpl; destruct (Rlt_dec _ _); lra. Qed.

Local Lemma ville_from T : forall h, valid n h ->
  Exp n p T (ever_above X bound) h <= if Rlt_dec 0 (ever_above X bound h) then 1 else q * N h.
Proof.
  induction T as [|T IH]; intros h Hv.
  - simpl. pose proof (ever_01 h). pose proof (N_nonneg h). destruct (Rlt_dec 0 (ever_above X bound h)); [lra|].
    assert (0 <= q * N h) by (apply Rmult_le_pos; lra). lra.
  - change (Exp n p (S T) (ever_above X bound) h) with (Ex n p (fun k => Exp n p T (ever_above X bound) (k :: h))).
    destruct (Rlt_dec 0 (ever_above X bound h)) as [Hh | Hh].
    + rewrite <- (Ex_const n p p_one 1). apply Ex_le; auto. intros k Hk. rewrite <- (Exp_const n p p_one T 1 (k :: h)).
      apply Exp_le; auto; [constructor; auto|]. intros h' _ _. apply ever_01.
    + apply Rle_trans with (q * Ex n p (fun k => N (k :: h))); [|apply Rmult_le_compat_l; [lra | auto]].
      rewrite <- Ex_scal. apply Ex_le; auto. intros k Hk. assert (Hv' : valid n (k :: h)) by (constructor; auto).
      apply Rle_trans with (1 := IH (k :: h) Hv'). destruct (Rlt_dec 0 (ever_above X bound (k :: h))) as [H | H]; [|lra].
      simpl in H. destruct (Rlt_dec (bound (S (length h))) (X (k :: h))) as [B | B]; [|lra].
      pose proof (above (k :: h) Hv' B) as Z. apply Rmult_le_compat_l with (r := q) in Z; [|lra].
      rewrite Rinv_r in Z by lra. exact Z.
Qed.

Theorem ville T : N [] = 1 -> X [] <= bound O -> Exp n p T (ever_above X bound) [] <= q.
Proof.
  intros N0 X0. apply Rle_trans with (1 := ville_from T [] (Forall_nil _)). simpl.
  destruct (Rlt_dec (bound O) (X [])); [lra|]. rewrite N0. destruct (Rlt_dec 0 0); lra.
Qed.
End Ville.

Section HighProbability.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta2 : R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis d_pos : (0 < d)%nat.
Hypothesis G_pos : 0 < G.

Let X := avgrad_point g eps alpha beta2 x0.
Let V i h := moment (avgrad g eps alpha beta2 x0 h) i.
Let U i h := total (avgrad g eps alpha beta2 x0 h) i.
Let a h i := INR (S (length h)) * eps + U i h + beta2 * V i h.
Let W (h : hist) (i : nat) := 1 - beta2.
Let w := 1 - beta2.
Let lam := sqrt w / (4 * G).
Let exceeds i k h := excess n p (fun k => g k (X h) i) G (a h i) w k.
Let Z k h := / INR d * sum d (fun i => lam * exceeds i k h).
Let N h := exp (path_sum Z h).

Local Lemma w_pos : 0 < w.
Proof. unfold w. lra. Qed.

Local Lemma a_pos h i : valid n h -> (i < d)%nat -> 0 < a h i.
Proof.
  intros Hv Hi.
  destruct (AVGradRate.state_bounds n p d F gF L Fstar g G A eps alpha beta2 x0 beta2_01 i h Hv Hi) as [[V0 V1] [U0 U1]].
  pose proof (INR_S_pos (length h)). unfold a, U, V.
  assert (0 < INR (S (length h)) * eps) by (apply Rmult_lt_0_compat; auto).
  assert (0 <= beta2 * moment (avgrad g eps alpha beta2 x0 h) i) by (apply Rmult_le_pos; lra). lra.
Qed.

Local Lemma N_falls h : valid n h -> Ex n p (fun k => N (k :: h)) <= N h.
Proof.
  intros Hv. unfold N. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1.
  assert (Pd : 0 < INR d) by (apply lt_0_INR; auto).
  apply Rle_trans with (Ex n p (fun k => exp (path_sum Z h) * (/ INR d * sum d (fun i => exp (lam * exceeds i k h))))).
  - apply Ex_le; auto. intros k _. cbn [path_sum]. rewrite exp_plus.
    apply Rmult_le_compat_l; [left; apply exp_pos | apply exp_of_mean; auto].
  - rewrite !Ex_scal, Ex_sum. rewrite <- (Rmult_1_r (exp (path_sum Z h))) at 2.
    apply Rmult_le_compat_l; [left; apply exp_pos|]. apply Rmult_le_reg_l with (INR d); [auto|].
    rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l by lra. apply sum_le_const. intros i Hi.
    apply (exponential_moment n p (fun k => g k (X h) i) G (a h i) w); auto using a_pos, w_pos.
    intros k Hk. apply (g_bnd A); auto.
Qed.

(* What the excess leaves of the potential of DecoupledRate, K = 1. *)
Let r i k h := ratio g X a W i k h.
Let lost k h i := 1 * alpha * G * weighted_ratio g X a W i k h + alpha² / 2 * (L * ratio g X a W i k h).

Local Lemma expected h i : valid n h -> (i < d)%nat ->
  0 < a h i + w * Ex n p (fun k => (g k (X h) i)²) <= INR (S (length h)) * (eps + G²).
Proof.
  intros Hv Hi. pose proof (a_pos h i Hv Hi) as Pa. pose proof w_pos as Pw.
  assert (HE : 0 <= Ex n p (fun k => (g k (X h) i)²) <= G²).
  { split; [apply Ex_nonneg; try apply A; intros; apply Rle_0_sqr|]. rewrite <- (Ex_const n p (p_one A) (G²)).
    apply Ex_le; [apply A|]. intros k Hk. apply (gsq_le A); auto. }
  assert (0 <= w * Ex n p (fun k => (g k (X h) i)²)) by (apply Rmult_le_pos; lra). split; [lra|].
  destruct (AVGradRate.state_bounds n p d F gF L Fstar g G A eps alpha beta2 x0 beta2_01 i h Hv Hi) as [[V0 V1] [U0 U1]].
  assert (w * Ex n p (fun k => (g k (X h) i)²) <= w * G²) by (apply Rmult_le_compat_l; lra).
  assert (beta2 * moment (avgrad g eps alpha beta2 x0 h) i <= beta2 * G²) by (apply Rmult_le_compat_l; lra).
  rewrite S_INR. unfold a, U, V. rewrite S_INR. unfold w in *. lra.
Qed.

Local Lemma excess_step k h : valid n h -> alpha * (sqn d (gF (X h)) / sqrt (INR (S (length h))) / radius eps G)
  <= F (X h) - F (X (k :: h)) + sum d (lost k h) + alpha * sum d (fun i => exceeds i k h).
Proof.
  intros Hv. pose proof (INR_S_pos (length h)) as Pt. pose proof (sqrt_lt_R0 _ Pt) as Ps. pose proof w_pos as Pw.
  pose proof (radius_pos eps G eps_pos) as PR.
  assert (D := DecoupledRate.path_step n d F gF g G _ (smooth_in_every_coordinate d F gF L (F_smooth A)) 1 alpha X a W
    (AVGradRate.moves g eps alpha beta2 x0 eps_pos beta2_01)
    ltac:(intros; apply a_pos; auto) ltac:(intros; unfold W; lra) k h Hv).
  cbn [path_sum] in D. fold (lost k h) in D.
  apply Rle_trans with (alpha * sum d (fun i => (gF (X h) i)² / sqrt (a h i + w * Ex n p (fun k => (g k (X h) i)²)))).
  - apply Rmult_le_compat_l; [lra|]. unfold sqn, Rdiv at 1 2. rewrite Rmult_assoc, Rmult_comm, <- sum_scal.
    apply sum_le. intros i Hi. destruct (expected h i Hv Hi) as [E0 E1]. unfold Rdiv. rewrite Rmult_comm.
    apply Rmult_le_compat_l; [apply Rle_0_sqr|].
    rewrite <- Rinv_mult by lra. apply Rinv_le_contravar; [apply sqrt_lt_R0; auto|].
    rewrite <- (sqrt_square (radius eps G)) by lra. rewrite radius_sq by auto.
    rewrite <- sqrt_mult by (pose proof (Rle_0_sqr G); lra).
    apply sqrt_le_1_alt. exact E1.
  - set (prior := path_sum (fun k h => sum d (lost k h)) h) in D.
    replace (sum d (fun i => (gF (X h) i)² / sqrt (a h i + w * Ex n p (fun k => (g k (X h) i)²))))
      with (sum d (fun i => exceeds i k h)
            + sum d (fun i => gF (X h) i * g k (X h) i / sqrt (a h i + W h i * square g X i k h)
              + 1 * G * sqrt (W h i) * ratio g X a W i k h)); [rewrite Rmult_plus_distr_l; unfold lost in *; lra|].
    rewrite <- sum_plus. apply sum_ext. intros i Hi. unfold exceeds, excess, ratio, square, W. fold w.
    replace (Ex n p (fun k => g k (X h) i)) with (gF (X h) i) by (symmetry; apply (g_unbiased A); auto). ring.
Qed.

Local Lemma along_path h : valid n h -> alpha * (weighted_so_far d gF X h / radius eps G)
  <= F x0 - Fstar + INR d * ((alpha * G * sqrt w + alpha² * L / 2) * K2_avgrad (INR (length h)) G eps beta2)
     + alpha * (INR d / lam * path_sum Z h).
Proof.
  intros Hv. pose proof w_pos as Pw. pose proof (sqrt_lt_R0 _ Pw) as Ps. assert (Pd : 0 < INR d) by (apply lt_0_INR; auto).
  assert (Pl : 0 < lam) by (apply Rdiv_lt_0_compat; lra). pose proof (radius_pos eps G eps_pos) as PR.
  pose proof (L_nonneg_of A) as HL. pose proof (Rle_0_sqr alpha) as Ha2.
  assert (E : forall h, valid n h -> alpha * (weighted_so_far d gF X h / radius eps G)
    <= F x0 - F (X h) + sum d (fun i => (alpha * G * sqrt w + alpha² * L / 2) * path_sum (ratio g X a W i) h)
       + alpha * (INR d / lam * path_sum Z h)).
  { intros h' Hv'. induction Hv' as [|k h' Hk Hv' IH].
    - unfold weighted_so_far. cbn [path_sum]. change (X []) with x0. rewrite (sum_0 d (fun i => _ * 0)) by (intros; ring).
      unfold Rdiv. rewrite Rmult_0_l, !Rmult_0_r. lra.
    - pose proof (excess_step k h' Hv') as H. unfold weighted_so_far in *. cbn [path_sum].
      replace (sum d (lost k h')) with (sum d (fun i => (alpha * G * sqrt w + alpha² * L / 2) * ratio g X a W i k h')) in H
        by (apply sum_ext; intros; unfold lost, weighted_ratio, W, w; field).
      rewrite (sum_scal d (alpha * G * sqrt w + alpha² * L / 2)) in *. rewrite sum_plus.
      replace (INR d / lam * (path_sum Z h' + Z k h')) with (INR d / lam * path_sum Z h' + sum d (fun i => exceeds i k h'))
        by (unfold Z; rewrite sum_scal; field; lra).
      unfold Rdiv in *. rewrite !Rmult_plus_distr_r. lra. }
  apply Rle_trans with (1 := E h Hv). pose proof (F_low A (X h)) as HF.
  assert (HS : sum d (fun i => (alpha * G * sqrt w + alpha² * L / 2) * path_sum (ratio g X a W i) h)
    <= INR d * ((alpha * G * sqrt w + alpha² * L / 2) * K2_avgrad (INR (length h)) G eps beta2)).
  { apply sum_le_const. intros i Hi. apply Rmult_le_compat_l.
    - assert (0 <= alpha * G * sqrt w) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]).
      assert (0 <= alpha² * L / 2) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]). lra.
    - apply (AVGradRate.ratios n p d F gF L Fstar g G A eps alpha beta2 x0 eps_pos beta2_01 i h Hv Hi). }
  lra.
Qed.

Lemma rate_with_confidence q T : 0 < q < 1 ->
  Exp n p T (ever_above (weighted_so_far d gF X)
    (fun t => avgrad_high_probability_right (INR t) (INR d) (F x0 - Fstar) L G eps alpha beta2 q)) [] <= q.
Proof.
  intros [Hq Hq1].
  pose proof w_pos as Pw. pose proof (sqrt_lt_R0 _ Pw) as Ps. assert (Pd : 0 < INR d) by (apply lt_0_INR; auto).
  assert (Pl : 0 < lam) by (apply Rdiv_lt_0_compat; lra). pose proof (radius_pos eps G eps_pos) as PR.
  assert (above : forall h, valid n h ->
    avgrad_high_probability_right (INR (length h)) (INR d) (F x0 - Fstar) L G eps alpha beta2 q < weighted_so_far d gF X h ->
    / q <= N h).
  { intros h Hv H. pose proof (along_path h Hv) as B. unfold avgrad_high_probability_right in H. fold w in H.
    apply Rmult_lt_compat_l with (r := alpha / radius eps G) in H; [|apply Rdiv_lt_0_compat; lra].
    set (K2 := K2_avgrad (INR (length h)) G eps beta2) in *. set (c := alpha * G * sqrt w + alpha² * L / 2) in *.
    replace (alpha / radius eps G
        * (radius eps G / alpha * (F x0 - Fstar + INR d * (c * K2 - 4 * alpha * G * ln q / sqrt w))))
      with (F x0 - Fstar + INR d * (c * K2) - alpha * (INR d / lam * ln q)) in H
      by (unfold lam; field; repeat split; lra).
    replace (alpha / radius eps G * weighted_so_far d gF X h) with (alpha * (weighted_so_far d gF X h / radius eps G)) in H
      by (field; lra).
    assert (Hz : alpha * (INR d / lam) * - ln q < alpha * (INR d / lam) * path_sum Z h) by lra.
    apply Rmult_lt_reg_l in Hz; [|apply Rmult_lt_0_compat; [auto | apply Rdiv_lt_0_compat; auto]].
    unfold N. rewrite <- (exp_ln (/ q)) by (apply Rinv_0_lt_compat; auto). rewrite ln_Rinv by auto.
    left. apply exp_increasing. exact Hz. }
  apply (ville n p (p_pos A) (p_one A) _ _ N q Hq (fun h => Rlt_le _ _ (exp_pos _)) N_falls above).
  - unfold N. simpl. apply exp_0.
  - unfold weighted_so_far. simpl path_sum. unfold avgrad_high_probability_right.
    assert (HF : 0 <= F x0 - Fstar) by (pose proof (F_low A x0); lra).
    assert (Hl : ln q < 0) by (rewrite <- ln_1; apply ln_increasing; lra).
    assert (K0 : 0 <= K2_avgrad (INR 0) G eps beta2)
      by apply (AVGradRate.ratios n p d F gF L Fstar g G A eps alpha beta2 x0 eps_pos beta2_01 0 [] (Forall_nil _) d_pos).
    fold w. pose proof (L_nonneg_of A) as HL. pose proof (Rle_0_sqr alpha) as Ha2.
    assert (Hc : 0 <= alpha * G * sqrt w) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]).
    assert (Hc2 : 0 <= alpha² * L / 2) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]).
    assert (H1 : 0 <= (alpha * G * sqrt w + alpha² * L / 2) * K2_avgrad (INR 0) G eps beta2) by (apply Rmult_le_pos; lra).
    assert (H2 : 0 <= 4 * alpha * G * - ln q / sqrt w).
    { apply Rmult_le_pos; [|left; apply Rinv_0_lt_compat; auto]. repeat apply Rmult_le_pos; lra. }
    apply Rmult_le_pos; [left; apply Rdiv_lt_0_compat; auto|].
    assert (0 <= INR d * ((alpha * G * sqrt w + alpha² * L / 2) * K2_avgrad (INR 0) G eps beta2
        + 4 * alpha * G * - ln q / sqrt w))
      by (apply Rmult_le_pos; lra).
    unfold Rdiv in *. lra.
Qed.
End HighProbability.

Theorem avgrad_high_probability n p d F gF L Fstar g G eps alpha beta2 x0 q T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> 0 < q < 1 -> (0 < d)%nat -> 0 < G ->
  Exp n p T (ever_above (weighted_so_far d gF (avgrad_point g eps alpha beta2 x0))
    (fun t => avgrad_high_probability_right (INR t) (INR d) (F x0 - Fstar) L G eps alpha beta2 q)) [] <= q.
Proof. intros A He Ha Hb Hq Hd HG. apply (rate_with_confidence n p d F gF L Fstar g G); auto. Qed.
