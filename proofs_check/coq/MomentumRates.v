(* T7, T7' and T7log for AMSGrad, AVGrad and the interpolation within L6's range, any beta1, alpha_t = alpha/sqrt(t).
   The sums Q >= sum_t g_t^2/b_t:
       AMSGrad         min(1/w, G^2/eps)(1 + ln T)                    vmax_t >= w g_t^2
       AVGrad          min(K2, (G^2/eps)(1 + ln T))                   L2 (d)
       interpolation   min(ln(1 + kTG^2/eps)/k, (G^2/eps)(1 + ln T))  t vhat_t >= k sum g_j^2 and L2 (a), k = 0 too,
   k = min(w, (1-rho)(1-beta2^T) + rho T w beta2^(T-1)), w = 1-beta2. *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm RatioSums DecreasingWeights AVGradWeights Paths.
From Mada Require Import DecoupledRate AVGradRatioSum MomentumShift MonotoneSteps MonotoneLog MomentumMethods.
From Mada Require Import LogarithmRatio MonotoneSharp.
Import ListNotations.
Local Open Scope R_scope.

Section Ratios.
Variables (n T : nat) (g : nat -> vec -> vec) (x b : hist -> vec) (i : nat) (G eps : R).
Hypothesis g_small : forall k y, (k < n)%nat -> (g k y i)² <= G².
Hypothesis eps_pos : 0 < eps.

(* g_t^2/b_t <= c/t *)
Lemma harmonic_ratios c : 0 <= c ->
  (forall k h, within n T (k :: h) -> added_ratio g x b i k h <= c / INR (S (length h))) ->
  forall h, within n T h -> (0 < length h)%nat -> path_sum (added_ratio g x b i) h <= c * (1 + ln (INR (length h))).
Proof.
  intros Hc H h Hw Hl. apply Rle_trans with (c * sum (length h) (fun t => / INR (S t))).
  - clear Hl. induction h as [|k h IH]; [simpl; lra|].
    change (length (k :: h)) with (S (length h)). rewrite sum_S. cbn [path_sum].
    specialize (IH (proj1 (within_tail _ _ _ _ Hw))). specialize (H k h Hw). unfold Rdiv in H. lra.
  - apply Rmult_le_compat_l; [auto | apply harmonic_sum; auto].
Qed.

(* b_t >= t eps *)
Lemma trivial_ratios : (forall k h, within n T (k :: h) -> INR (S (length h)) * eps <= b (k :: h) i) ->
  forall h, within n T h -> (0 < length h)%nat -> path_sum (added_ratio g x b i) h
      <= G² / eps * (1 + ln (INR (length h))).
Proof.
  intros H. apply harmonic_ratios.
  - apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat; auto].
  - intros k h Hw. unfold added_ratio. pose proof (INR_S_pos (length h)) as Ht.
    replace (G² / eps / INR (S (length h))) with (G² / (INR (S (length h)) * eps)) by (field; lra).
    pose proof (Rmult_lt_0_compat _ _ Ht eps_pos) as P. destruct (within_tail _ _ _ _ Hw) as (_ & Hk & _).
    apply Rmult_le_compat; [apply Rle_0_sqr | | apply g_small; auto | apply Rinv_le_contravar; auto].
    left. apply Rinv_0_lt_compat. apply Rlt_le_trans with (1 := P). auto.
Qed.

(* b_t >= eps *)
Lemma plain_ratios : (forall k h, within n T (k :: h) -> eps <= b (k :: h) i) ->
  forall h, within n T h -> path_sum (added_ratio g x b i) h <= INR (length h) * G² / eps.
Proof.
  intros H h Hw. induction h as [|k h IH]; [simpl; right; unfold Rdiv; ring|].
  destruct (within_tail _ _ _ _ Hw) as (Hh & Hk & _). specialize (IH Hh). specialize (H k h Hw). cbn [path_sum].
  change (length (k :: h)) with (S (length h)). rewrite S_INR.
  assert (R1 : added_ratio g x b i k h <= G² / eps).
  { unfold added_ratio.
    apply Rmult_le_compat; [apply Rle_0_sqr | | apply g_small; auto | apply Rinv_le_contravar; auto].
    left. apply Rinv_0_lt_compat. lra. }
  unfold Rdiv in *. lra.
Qed.

(* b_t >= eps + W sum_{j<=t} g_j^2: L2 (a) *)
Lemma floor_ratios W : 0 < W ->
  (forall k h, within n T (k :: h) -> eps + W * Sg g x (k :: h) i <= b (k :: h) i) ->
  forall h, within n T h -> path_sum (added_ratio g x b i) h <= ln (1 + W * INR (length h) * G² / eps) / W.
Proof.
  intros HW H h Hw.
  assert (P : forall h, 0 < eps + W * Sg g x h i).
  { intros h'. pose proof (Sg_nonneg g x h' i) as Hs. apply Rmult_le_compat_l with (r := W) in Hs; lra. }
  assert (Q : W * path_sum (added_ratio g x b i) h <= ln (eps + W * Sg g x h i) - ln eps).
  { induction h as [|k h IH]; [simpl; rewrite Rmult_0_r, Rplus_0_r; lra|].
    specialize (IH (proj1 (within_tail _ _ _ _ Hw))). specialize (H k h Hw). specialize (P h). cbn [path_sum Sg] in *.
    set (y := (g k (x h) i)²) in *. assert (Hy : 0 <= W * y) by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]).
    pose proof (ratio_step (eps + W * Sg g x h i) (W * y) P Hy) as R1.
    assert (R2 : W * added_ratio g x b i k h <= W * y / (eps + W * Sg g x h i + W * y)).
    { unfold added_ratio, Rdiv. fold y. rewrite <- Rmult_assoc. apply Rmult_le_compat_l; [auto|].
      apply Rinv_le_contravar; lra. }
    replace (eps + W * (Sg g x h i + y)) with (eps + W * Sg g x h i + W * y) by ring. lra. }
  assert (U : Sg g x h i <= INR (length h) * G²).
  { destruct Hw as [Hv _]. clear Q. induction Hv as [|k h Hk Hv IH]; [simpl; lra|].
    change (length (k :: h)) with (S (length h)). rewrite S_INR. simpl Sg. pose proof (g_small k (x h) Hk). lra. }
  apply Rmult_le_compat_l with (r := W) in U; [|lra].
  apply Rmult_le_reg_l with W; [auto|]. apply Rle_trans with (1 := Q).
  replace (W * (ln (1 + W * INR (length h) * G² / eps) / W))
      with (ln (1 + W * INR (length h) * G² / eps)) by (field; lra).
  specialize (P h).
  replace (1 + W * INR (length h) * G² / eps) with ((eps + W * (INR (length h) * G²)) / eps) by (field; lra).
  rewrite ln_quot by lra. apply Rplus_le_compat_r, ln_le_mono; lra.
Qed.
End Ratios.

Definition Q_amsgrad (T G eps beta2 : R) : R := Rmin (1 / (1 - beta2)) (G² / eps) * (1 + ln T).
Definition Q_avgrad (T G eps beta2 : R) : R := Rmin (K2_avgrad T G eps beta2) (G² / eps * (1 + ln T)).
Definition least_weight (T : nat) (beta2 rho : R) : R :=
  Rmin (1 - beta2) ((1 - rho) * (1 - beta2 ^ T) + rho * INR T * (1 - beta2) * beta2 ^ (T - 1)).
(* ln(1 + kX)/k = X ln(1 + kX)/(kX) with X = T G^2/eps, in a form that exists at k = 0. *)
Definition Q_interpolation (T : nat) (G eps beta2 rho : R) : R :=
  Rmin (INR T * G² / eps * log1p_over (least_weight T beta2 rho * (INR T * G² / eps))) (G² / eps * (1 + ln (INR T))).

(* The weight h(m) of g_{t-m}^2 in t vhat_t, at least, grows with m and then falls. *)
Section Weight.
Variables (beta2 rho : R).
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis rho_01 : 0 <= rho <= 1.

Definition weight (m : nat) : R := (1 - rho) * (1 - beta2 ^ S m) + rho * INR (S m) * (1 - beta2) * beta2 ^ m.

Lemma weight_step m : weight (S m) - weight m = (1 - beta2) * beta2 ^ m * (beta2 - rho * INR (S m) * (1 - beta2)).
Proof. unfold weight. rewrite (S_INR (S m)). simpl pow. ring. Qed.

Lemma weight_low T m : (m < T)%nat -> least_weight T beta2 rho <= weight m.
Proof.
  intros Hm. assert (P : forall j, 0 <= (1 - beta2) * beta2 ^ j)
    by (intros j; apply Rmult_le_pos; [lra | apply (pow_01 beta2 j); lra]).
  assert (S0 : forall j l, (j <= l)%nat -> beta2 - rho * INR l * (1 - beta2) <= beta2 - rho * INR j * (1 - beta2)).
  { intros j l Hj. apply le_INR in Hj. apply Rmult_le_compat_l with (r := rho) in Hj; [|lra].
    apply Rmult_le_compat_r with (r := 1 - beta2) in Hj; lra. }
  destruct (Rle_dec 0 (beta2 - rho * INR m * (1 - beta2))) as [C | C].
  - apply Rle_trans with (1 := Rmin_l _ _). replace (1 - beta2) with (weight 0) by (unfold weight; simpl; ring).
    assert (H : forall j, (j <= m)%nat -> weight 0 <= weight j); [|apply H; lia].
    induction j as [|j IH]; intros Hj; [lra|]. specialize (IH ltac:(lia)). pose proof (weight_step j) as E.
    pose proof (S0 (S j) m Hj). assert (0 <= (1 - beta2) * beta2 ^ j * (beta2 - rho * INR (S j) * (1 - beta2)))
      by (apply Rmult_le_pos; [auto | lra]). lra.
  - apply Rle_trans with (1 := Rmin_r _ _).
    replace ((1 - rho) * (1 - beta2 ^ T) + rho * INR T * (1 - beta2) * beta2 ^ (T - 1)) with (weight (T - 1))
      by (unfold weight; replace (S (T - 1)) with T by lia; reflexivity).
    assert (H : forall j, (m <= j)%nat -> weight j <= weight m); [|apply H; lia].
    induction 1 as [|j Hj IH]; [lra|]. pose proof (weight_step j) as E.
    pose proof (S0 m (S j) ltac:(lia)).
    assert (0 <= (1 - beta2) * beta2 ^ j * - (beta2 - rho * INR (S j) * (1 - beta2)))
        by (apply Rmult_le_pos; [auto | lra]).
    lra.
Qed.

Lemma weights_below T t y : (t <= T)%nat -> (forall s, 0 <= y s) ->
  least_weight T beta2 rho * sum t y <= INR t * (rho * v beta2 y t) + (1 - rho) * tvbar beta2 y t.
Proof.
  intros Ht Hy. rewrite v_closed, avgrad_weights, <- !sum_scal, <- sum_plus. apply sum_le; intros j Hj.
  apply Rle_trans with (weight (t - 1 - j) * y j); [apply Rmult_le_compat_r; [auto | apply weight_low; lia]|].
  unfold weight. replace (S (t - 1 - j)) with (t - j)%nat by lia.
  assert (E : INR (t - j) <= INR t) by (apply le_INR; lia).
  apply Rmult_le_compat_r with (r := rho * ((1 - beta2) * (beta2 ^ (t - 1 - j) * y j))) in E; [lra|].
  apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; [lra|].
  apply Rmult_le_pos; [apply (pow_01 beta2 (t - 1 - j)); lra | auto].
Qed.
End Weight.

Definition amsgrad_monotone_right (T d D0 L G eps alpha beta1 beta2 : R) : R :=
  monotone_bound (radius eps G) (Q_amsgrad T G eps beta2) T d D0 L G eps alpha beta1.
Definition avgrad_monotone_right (T d D0 L G eps alpha beta1 beta2 : R) : R :=
  monotone_bound (radius eps G) (Q_avgrad T G eps beta2) T d D0 L G eps alpha beta1.
Definition interpolation_monotone_right (T : nat) (d D0 L G eps alpha beta1 beta2 rho : R) : R :=
  monotone_bound (radius eps G) (Q_interpolation T G eps beta2 rho) (INR T) d D0 L G eps alpha beta1.
Definition amsgrad_monotone_sharp_right (T d D0 L G eps alpha beta1 beta2 : R) : R :=
  monotone_sharp_bound (radius eps G) (Q_amsgrad T G eps beta2) T d D0 L G eps alpha beta1.
Definition avgrad_monotone_sharp_right (T d D0 L G eps alpha beta1 beta2 : R) : R :=
  monotone_sharp_bound (radius eps G) (Q_avgrad T G eps beta2) T d D0 L G eps alpha beta1.
Definition interpolation_monotone_sharp_right (T : nat) (d D0 L G eps alpha beta1 beta2 rho : R) : R :=
  monotone_sharp_bound (radius eps G) (Q_interpolation T G eps beta2 rho) (INR T) d D0 L G eps alpha beta1.
Definition amsgrad_monotone_log_right (T d D0 L G eps alpha beta1 beta2 : R) : R :=
  monotone_log_bound (radius eps G) (1 - beta2) (Q_amsgrad T G eps beta2) T d D0 L G eps alpha beta1.
Definition avgrad_monotone_log_right (T d D0 L G eps alpha beta1 beta2 : R) : R :=
  monotone_log_bound (radius eps G) (1 - beta2) (K2_avgrad T G eps beta2) T d D0 L G eps alpha beta1.
Definition interpolation_monotone_log_right (T : nat) (d D0 L G eps alpha beta1 beta2 rho : R) : R :=
  monotone_log_bound (radius eps G) (1 - beta2) (Q_interpolation T G eps beta2 rho) (INR T) d D0 L G eps alpha beta1.

Section Rates.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta1 beta2 : R) (x0 : vec) (T : nat).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis T_pos : (0 < T)%nat.

Let point vhat := point vhat g alpha beta1 beta2 eps x0.
Let b vhat := b vhat g alpha beta1 beta2 eps x0.
Let grows vhat := forall k h i, within n T (k :: h) -> (i < d)%nat -> b vhat h i <= b vhat (k :: h) i.

Local Lemma small k y i : (k < n)%nat -> (i < d)%nat -> (g k y i)² <= G².
Proof. apply (gsq_le A). Qed.

Local Lemma root_square : (1 - beta2) * G² <= (radius eps G)².
Proof.
  unfold Rsqr at 2. rewrite radius_sq by auto. pose proof (Rle_0_sqr G) as H.
  apply Rmult_le_compat_l with (r := beta2) in H; lra.
Qed.

Section General.
Variables (vhat : R -> R -> R -> R -> R) (Q : R).
Hypothesis vhat_sound : sound vhat.
Hypothesis b_grows : grows vhat.
Hypothesis ratios : forall h i, within n T h -> length h = T -> (i < d)%nat ->
  path_sum (added_ratio g (point vhat) (b vhat) i) h <= Q.

Let is_adaptive := method_is_adaptive vhat g alpha beta1 beta2 eps x0 n d eps_pos T alpha_pos beta1_01 b_grows.

Local Lemma up h i : within n T h -> (i < d)%nat -> b vhat h i <= INR (Nat.max 1 (length h)) * (radius eps G)².
Proof. intros [Hv _] Hi. apply (b_up vhat g alpha beta1 beta2 eps x0 beta2_01 n d G small vhat_sound eps_pos); auto.
Qed.

Lemma general_rate : mean_squared_gradient n p d gF (point vhat) T
  <= monotone_bound (radius eps G) Q (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1.
Proof.
  exact (monotone_rate A eps (radius eps G) Q is_adaptive (radius_pos eps G eps_pos) (fun _ _ => eq_refl) eps_pos up
    ratios T_pos).
Qed.

Lemma general_sharp_rate : mean_squared_gradient n p d gF (point vhat) T
  <= monotone_sharp_bound (radius eps G) Q (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1.
Proof.
  exact (monotone_sharp_rate A eps (radius eps G) Q is_adaptive (radius_pos eps G eps_pos) (fun _ _ => eq_refl) eps_pos
    up ratios T_pos).
Qed.

Lemma general_log_rate : mean_squared_gradient n p d gF (point vhat) T
  <= monotone_log_bound (radius eps G) (1 - beta2) Q (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1.
Proof.
  assert (Hw : 0 < 1 - beta2) by lra.
  refine (monotone_log_rate A eps (radius eps G) (1 - beta2) Q is_adaptive Hw _ (radius_pos eps G eps_pos) root_square
    (fun _ _ => eq_refl) eps_pos up ratios T_pos).
  intros k h i [Hv _] Hi. apply (b_floor vhat g alpha beta1 beta2 eps x0 beta2_01 n d G small vhat_sound eps_pos); auto.
Qed.

Local Lemma trivial h i : within n T h -> length h = T -> (i < d)%nat ->
  path_sum (added_ratio g (point vhat) (b vhat) i) h <= G² / eps * (1 + ln (INR T)).
Proof.
  intros Hw Hl Hi. rewrite <- Hl. apply (trivial_ratios n T); auto; [intros; apply small; auto | | lia].
  intros k h' [Hv _]. apply (b_low vhat g alpha beta1 beta2 eps x0 beta2_01 n d G small vhat_sound eps_pos); auto.
Qed.
End General.

(* AMSGrad *)
Local Lemma amsgrad_ratios h i : within n T h -> length h = T -> (i < d)%nat ->
  path_sum (added_ratio g (point amsgrad) (b amsgrad) i) h <= Q_amsgrad (INR T) G eps beta2.
Proof.
  intros Hw Hl Hi. pose proof (Rle_0_sqr G) as HG. assert (Pe : 0 < / eps) by (apply Rinv_0_lt_compat; auto).
  assert (Pw : 0 < / (1 - beta2)) by (apply Rinv_0_lt_compat; lra).
  unfold Q_amsgrad. rewrite <- Hl. apply (harmonic_ratios n T); auto; [| |lia].
  - apply Rmin_glb; apply Rmult_le_pos; lra.
  - intros k h' Hw'. destruct (within_tail _ _ _ _ Hw') as (_ & Hk & _). unfold added_ratio, b. rewrite b_step.
    unfold amsgrad at 2.
    pose proof (INR_S_pos (length h')) as Ht.
    pose proof (second_floor amsgrad g alpha beta1 beta2 eps x0 beta2_01 k h' i) as Hf. fold (point amsgrad) in Hf.
    destruct (moments_nonneg amsgrad g alpha beta1 beta2 eps x0 beta2_01 (k :: h') i) as [[H1 H2] _].
    pose proof (small k (point amsgrad h') i Hk Hi) as Hs. pose proof (Rle_0_sqr (g k (point amsgrad h') i)) as H0.
    set (y := (g k (point amsgrad h') i)²) in *. set (M := largest _ i) in *. set (t := INR (S (length h'))) in *.
    assert (PM : 0 < eps + M) by lra. assert (PtM : 0 < t * (eps + M)) by (apply Rmult_lt_0_compat; auto).
    replace (y / (t * (eps + M))) with (y / (eps + M) / t) by (field; lra).
    apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto|]. apply Rmin_glb.
    + apply Rmult_le_reg_r with ((1 - beta2) * (eps + M)); [apply Rmult_lt_0_compat; lra|].
      replace (y / (eps + M) * ((1 - beta2) * (eps + M))) with ((1 - beta2) * y) by (field; lra).
      replace (1 / (1 - beta2) * ((1 - beta2) * (eps + M))) with (eps + M) by (field; lra). lra.
    + apply Rmult_le_compat; [auto | left; apply Rinv_0_lt_compat; auto | auto | apply Rinv_le_contravar; lra].
Qed.

Local Lemma amsgrad_monotone_in : mean_squared_gradient n p d gF (point amsgrad) T
  <= amsgrad_monotone_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof.
  apply general_rate; auto using amsgrad_sound, amsgrad_ratios. intros k h i _ _. apply amsgrad_grows; auto.
Qed.

Local Lemma amsgrad_monotone_sharp_in : mean_squared_gradient n p d gF (point amsgrad) T
  <= amsgrad_monotone_sharp_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof.
  apply general_sharp_rate; auto using amsgrad_sound, amsgrad_ratios. intros k h i _ _. apply amsgrad_grows; auto.
Qed.

Local Lemma amsgrad_monotone_log_in : mean_squared_gradient n p d gF (point amsgrad) T
  <= amsgrad_monotone_log_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof.
  apply general_log_rate; auto using amsgrad_sound, amsgrad_ratios. intros k h i _ _. apply amsgrad_grows; auto.
Qed.

(* AVGrad *)
Lemma avgrad_K2 h i : within n T h -> length h = T -> (i < d)%nat ->
  path_sum (added_ratio g (point avgrad) (b avgrad) i) h <= K2_avgrad (INR T) G eps beta2.
Proof.
  intros [Hv _] Hl Hi. rewrite <- Hl.
  pose proof (squares_between avgrad g alpha beta1 beta2 eps x0 n d G small h i Hv Hi) as H.
  unfold added_ratio. fold (square g (point avgrad) i).
  rewrite (path_sum_quotient (square g (point avgrad) i) _ (fun y t => B y eps beta2 t)).
  - apply avgrad_ratio_sum_least; auto; intros t; apply H.
  - intros y z t E. unfold B. rewrite (tvbar_ext beta2 y z t E). reflexivity.
  - intros k h'. unfold B, b. rewrite avgrad_b_step, summed_path. reflexivity.
Qed.

Local Lemma avgrad_b_grows : grows avgrad.
Proof. intros k h i _ _. apply avgrad_grows; auto. Qed.

Local Lemma avgrad_ratios h i : within n T h -> length h = T -> (i < d)%nat ->
  path_sum (added_ratio g (point avgrad) (b avgrad) i) h <= Q_avgrad (INR T) G eps beta2.
Proof. intros. apply Rmin_glb; [apply avgrad_K2 | apply trivial]; auto using avgrad_sound. Qed.

Local Lemma avgrad_monotone_in : mean_squared_gradient n p d gF (point avgrad) T
  <= avgrad_monotone_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof. apply general_rate; auto using avgrad_sound, avgrad_b_grows, avgrad_ratios. Qed.

Local Lemma avgrad_monotone_sharp_in : mean_squared_gradient n p d gF (point avgrad) T
  <= avgrad_monotone_sharp_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof. apply general_sharp_rate; auto using avgrad_sound, avgrad_b_grows, avgrad_ratios. Qed.

Local Lemma avgrad_monotone_log_in : mean_squared_gradient n p d gF (point avgrad) T
  <= avgrad_monotone_log_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof. apply general_log_rate; auto using avgrad_sound, avgrad_b_grows, avgrad_K2. Qed.

(* The interpolation, constant rho, within the range of L6. *)
Variable rho : R.
Hypothesis rho_01 : 0 <= rho <= 1.
Hypothesis range : 0 <= eps + G² * (1 - beta2 ^ (T - 1)) * (beta2 - rho * INR (T - 1) * (1 - beta2)).

Local Lemma weight_nonneg : 0 <= least_weight T beta2 rho.
Proof.
  pose proof (pow_01 beta2 T ltac:(lra)). pose proof (pow_01 beta2 (T - 1) ltac:(lra)). pose proof (pos_INR T).
  apply Rmin_glb; [lra|]. apply Rplus_le_le_0_compat; repeat apply Rmult_le_pos; lra.
Qed.

Local Lemma interpolation_b_grows : grows (interpolation rho).
Proof. intros k h i Hw Hi. apply interpolation_grows with (n := n) (d := d) (T := T) (G := G); auto using small. Qed.

Local Lemma interpolation_ratios h i : within n T h -> length h = T -> (i < d)%nat ->
  path_sum (added_ratio g (point (interpolation rho)) (b (interpolation rho)) i) h <= Q_interpolation T G eps beta2 rho.
Proof.
  intros Hw Hl Hi. apply Rmin_glb; [|apply trivial; auto using interpolation_sound].
  pose proof weight_nonneg as K0. pose proof (lt_0_INR T T_pos) as PT. pose proof (Rle_0_sqr G) as HG.
  set (kk := least_weight T beta2 rho) in *. set (Y := INR T * G² / eps).
  assert (Y0 : 0 <= Y) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | left; apply Rinv_0_lt_compat; auto]).
  assert (Plain : path_sum (added_ratio g (point (interpolation rho)) (b (interpolation rho)) i) h <= Y).
  { unfold Y. rewrite <- Hl. apply (plain_ratios n T); auto; [intros; apply small; auto|].
    intros k h' [Hv _]. pose proof (b_low (interpolation rho) g alpha beta1 beta2 eps x0 beta2_01 n d G small
      (interpolation_sound rho rho_01) eps_pos k h' i Hv Hi) as Hb. apply Rle_trans with (2 := Hb).
    rewrite S_INR. pose proof (Rmult_le_pos _ _ (pos_INR (length h')) (Rlt_le _ _ eps_pos)). lra. }
  destruct (Req_dec (kk * Y) 0) as [Z | Z].
  { rewrite Z. apply Rle_trans with (1 := Plain). pose proof log1p_over_at_zero as H1.
    apply Rmult_le_compat_l with (r := Y) in H1; lra. }
  assert (Pk : 0 < kk) by (destruct K0 as [K0 | K0]; [auto | exfalso; apply Z; rewrite <- K0; ring]).
  assert (PY : 0 < Y) by (destruct Y0 as [Y0 | Y0]; [auto | exfalso; apply Z; rewrite <- Y0; ring]).
  apply Rle_trans with (ln (1 + kk * INR T * G² / eps) / kk).
  2:{ replace (kk * INR T * G² / eps) with (kk * Y) by (unfold Y; field; lra).
      replace (ln (1 + kk * Y) / kk) with (Y * (ln (1 + kk * Y) / (kk * Y))) by (field; lra).
      apply Rmult_le_compat_l; [lra|]. apply log1p_over_above, Rmult_lt_0_compat; auto. }
  rewrite <- Hl. apply (floor_ratios n T); auto; [intros; apply small; auto|].
  intros k h' [Hv Hl']. unfold b. rewrite interpolation_b_step by auto. unfold InterpolationMonotone.b.
  set (y := squares (interpolation rho) g alpha beta1 beta2 eps x0 (k :: h') i).
  assert (E : Sg g (point (interpolation rho)) (k :: h') i = sum (S (length h')) y).
  { unfold y, squares. change (S (length h')) with (length (k :: h')). rewrite <- path_sum_along.
    generalize (k :: h'). induction l as [|k' l IH]; simpl; [reflexivity | rewrite IH; reflexivity]. }
  rewrite E.
  pose proof (squares_between (interpolation rho) g alpha beta1 beta2 eps x0 n d G small (k :: h') i Hv Hi) as Hs.
  fold y in Hs.
  pose proof (weights_below beta2 rho beta2_01 rho_01 T (S (length h')) y Hl' ltac:(apply Hs)) as Hb. fold kk in Hb.
  rewrite Rmult_plus_distr_l, S_INR in *. pose proof (pos_INR (length h')) as Hp.
  assert (0 <= INR (length h') * eps) by (apply Rmult_le_pos; lra). lra.
Qed.

Local Lemma interpolation_monotone_in : mean_squared_gradient n p d gF (point (interpolation rho)) T
  <= interpolation_monotone_right T (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 rho.
Proof. apply general_rate; auto using interpolation_sound, interpolation_b_grows, interpolation_ratios. Qed.

Local Lemma interpolation_monotone_sharp_in : mean_squared_gradient n p d gF (point (interpolation rho)) T
  <= interpolation_monotone_sharp_right T (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 rho.
Proof. apply general_sharp_rate; auto using interpolation_sound, interpolation_b_grows, interpolation_ratios. Qed.

Local Lemma interpolation_monotone_log_in : mean_squared_gradient n p d gF (point (interpolation rho)) T
  <= interpolation_monotone_log_right T (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 rho.
Proof. apply general_log_rate; auto using interpolation_sound, interpolation_b_grows, interpolation_ratios. Qed.
End Rates.

Theorem amsgrad_monotone_rate n p d F gF L Fstar g G eps alpha beta1 beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (point amsgrad g alpha beta1 beta2 eps x0) T
  <= amsgrad_monotone_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof. intros. eapply amsgrad_monotone_in; eauto. Qed.

Theorem amsgrad_monotone_sharp_rate n p d F gF L Fstar g G eps alpha beta1 beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (point amsgrad g alpha beta1 beta2 eps x0) T
  <= amsgrad_monotone_sharp_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof. intros. eapply amsgrad_monotone_sharp_in; eauto. Qed.

Theorem amsgrad_monotone_log_rate n p d F gF L Fstar g G eps alpha beta1 beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (point amsgrad g alpha beta1 beta2 eps x0) T
  <= amsgrad_monotone_log_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof. intros. eapply amsgrad_monotone_log_in; eauto. Qed.

Theorem avgrad_monotone_rate n p d F gF L Fstar g G eps alpha beta1 beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (point avgrad g alpha beta1 beta2 eps x0) T
  <= avgrad_monotone_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof. intros. eapply avgrad_monotone_in; eauto. Qed.

Theorem avgrad_monotone_sharp_rate n p d F gF L Fstar g G eps alpha beta1 beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (point avgrad g alpha beta1 beta2 eps x0) T
  <= avgrad_monotone_sharp_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof. intros. eapply avgrad_monotone_sharp_in; eauto. Qed.

Theorem avgrad_monotone_log_rate n p d F gF L Fstar g G eps alpha beta1 beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (point avgrad g alpha beta1 beta2 eps x0) T
  <= avgrad_monotone_log_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof. intros. eapply avgrad_monotone_log_in; eauto. Qed.

Theorem interpolation_monotone_rate n p d F gF L Fstar g G eps alpha beta1 beta2 rho x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  0 <= rho <= 1 -> 0 <= eps + G² * (1 - beta2 ^ (T - 1)) * (beta2 - rho * INR (T - 1) * (1 - beta2)) ->
  mean_squared_gradient n p d gF (point (interpolation rho) g alpha beta1 beta2 eps x0) T
  <= interpolation_monotone_right T (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 rho.
Proof. intros. eapply interpolation_monotone_in; eauto. Qed.

Theorem interpolation_monotone_sharp_rate n p d F gF L Fstar g G eps alpha beta1 beta2 rho x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  0 <= rho <= 1 -> 0 <= eps + G² * (1 - beta2 ^ (T - 1)) * (beta2 - rho * INR (T - 1) * (1 - beta2)) ->
  mean_squared_gradient n p d gF (point (interpolation rho) g alpha beta1 beta2 eps x0) T
  <= interpolation_monotone_sharp_right T (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 rho.
Proof. intros. eapply interpolation_monotone_sharp_in; eauto. Qed.

Theorem interpolation_monotone_log_rate n p d F gF L Fstar g G eps alpha beta1 beta2 rho x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  0 <= rho <= 1 -> 0 <= eps + G² * (1 - beta2 ^ (T - 1)) * (beta2 - rho * INR (T - 1) * (1 - beta2)) ->
  mean_squared_gradient n p d gF (point (interpolation rho) g alpha beta1 beta2 eps x0) T
  <= interpolation_monotone_log_right T (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 rho.
Proof. intros. eapply interpolation_monotone_log_in; eauto. Qed.
