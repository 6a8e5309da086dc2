(* L2 (d): AVGrad's sum of ratios K2 = sum_t x_t/(t eps + t vbar_t) for 0 <= x_t <= M = G^2, in two bounds,
       ln(1 + w T M/eps)/w    and    ln(1 + T M/eps) + (beta2/w) Psi(2 w M/eps),    w = 1 - beta2.
   The first is L2 (a) with L3 (a). For the second write x_t = v_t + (beta2/w)(v_t - v_{t-1}); the v_t give the
   logarithm, the increments are summed by parts against Psi(c) = int_1^inf min(1, sqrt(c/z)) dz/z. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Logarithm RatioSums AVGradWeights.
Local Open Scope R_scope.

(* 2 sqrt c for c <= 1, 2 + ln c for c > 1 *)
Definition Psi (c : R) : R := 2 * sqrt (Rmin c 1) + ln (Rmax c 1).

Lemma Psi_small c : c <= 1 -> Psi c = 2 * sqrt c.
Proof. intros H. unfold Psi. rewrite Rmin_left, Rmax_right, ln_1 by lra. lra. Qed.

Lemma Psi_large c : 1 <= c -> Psi c = 2 + ln c.
Proof. intros H. unfold Psi. rewrite Rmin_right, Rmax_left, sqrt_1 by lra. lra. Qed.

(* A height h <= min(1/y, 1/sqrt y) integrates below Psi from y' to y. *)
Lemma Psi_slope_small h y y' : 0 <= y' <= y -> y <= 1 -> 0 <= h -> h * sqrt y <= 1 -> h * (y - y') <= Psi y - Psi y'.
Proof.
  intros Hy H1 Hh Hs. rewrite !Psi_small by lra.
  assert (E : sqrt y * sqrt y = y) by (apply sqrt_sqrt; lra).
  assert (E' : sqrt y' * sqrt y' = y') by (apply sqrt_sqrt; lra).
  assert (L : sqrt y' <= sqrt y) by (apply sqrt_le_1_alt; lra). pose proof (sqrt_pos y') as P.
  assert (K : h * (sqrt y + sqrt y') <= 2) by nra.
  replace (y - y') with ((sqrt y + sqrt y') * (sqrt y - sqrt y')) by lra. nra.
Qed.

Lemma Psi_slope_large h y y' : 1 <= y' <= y -> 0 <= h -> h * y <= 1 -> h * (y - y') <= Psi y - Psi y'.
Proof.
  intros Hy Hh Hs. rewrite !Psi_large by lra.
  assert (K : h * (y - y') <= 1 - / (y / y')).
  { replace (1 - / (y / y')) with ((y - y') / y) by (field; lra).
    apply Rmult_le_reg_r with y; [lra|]. replace ((y - y') / y * y) with (y - y') by (field; lra). nra. }
  pose proof (ln_lower (y / y') ltac:(apply Rdiv_lt_0_compat; lra)) as H. rewrite ln_quot in H by lra. lra.
Qed.

Lemma Psi_slope h y y' : 0 <= y' <= y -> 0 <= h -> h * y <= 1 -> h * sqrt y <= 1 -> h * (y - y') <= Psi y - Psi y'.
Proof.
  intros Hy Hh H1 H2. destruct (Rle_dec y 1) as [S1 | S1]; [apply Psi_slope_small; auto|].
  destruct (Rle_dec 1 y') as [S2 | S2]; [apply Psi_slope_large; auto; lra|].
  pose proof (Psi_slope_large h y 1 ltac:(lra) Hh H1) as A.
  assert (h * sqrt 1 <= 1) by (rewrite sqrt_1; nra).
  pose proof (Psi_slope_small h 1 y' ltac:(lra) ltac:(lra) Hh H) as B. lra.
Qed.

Lemma Psi_nonneg c : 0 <= c -> 0 <= Psi c.
Proof.
  intros Hc. unfold Psi. pose proof (sqrt_pos (Rmin c 1)). pose proof (ln_nonneg (Rmax c 1) (Rmax_r c 1)). lra.
Qed.

Lemma Psi_mono c c' : 0 <= c' <= c -> Psi c' <= Psi c.
Proof. intros H. pose proof (Psi_slope 0 c c' H). lra. Qed.

(* min(z, sqrt(c z)), the height at z *)
Definition height (c z : R) := Rmin z (sqrt (c * z)).

Lemma height_slope c h z : 0 < c -> 0 < z -> 0 <= h <= height c z -> h / c * (c / z) <= 1 /\ h / c * sqrt (c / z) <= 1.
Proof.
  intros Hc Hz [Hh Hm]. unfold height in Hm.
  pose proof (Rmin_l z (sqrt (c * z))). pose proof (Rmin_r z (sqrt (c * z))). split.
  - replace (h / c * (c / z)) with (h / z) by (field; lra).
    apply Rmult_le_reg_r with z; [auto|]. replace (h / z * z) with h by (field; lra). lra.
  - assert (Hq : 0 < c / z) by (apply Rdiv_lt_0_compat; auto).
    assert (E : sqrt (c * z) * sqrt (c / z) = c).
    { rewrite <- sqrt_mult by (try nra; lra). replace (c * z * (c / z)) with (c * c) by (field; lra).
      apply sqrt_square; lra. }
    pose proof (sqrt_pos (c / z)).
    apply Rmult_le_reg_l with c; [auto|].
    replace (c * (h / c * sqrt (c / z))) with (h * sqrt (c / z)) by (field; lra). nra.
Qed.

Lemma Psi_step c h z z' : 0 < c -> 0 < z <= z' -> 0 <= h <= height c z ->
  h * (/ z - / z') <= Psi (c / z) - Psi (c / z').
Proof.
  intros Hc Hz Hh. destruct (height_slope c h z Hc ltac:(lra) Hh) as [H1 H2].
  replace (h * (/ z - / z')) with (h / c * (c / z - c / z')) by (field; lra).
  apply Psi_slope; auto.
  - split; [left; apply Rdiv_lt_0_compat; lra|].
    apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; lra.
  - apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto].
Qed.

Lemma Psi_last c h z : 0 < c -> 0 < z -> 0 <= h <= height c z -> h / z <= Psi (c / z).
Proof.
  intros Hc Hz Hh. destruct (height_slope c h z Hc Hz Hh) as [H1 H2].
  replace (h / z) with (h / c * (c / z - 0)) by (field; lra).
  replace (Psi (c / z)) with (Psi (c / z) - Psi 0) by (rewrite (Psi_small 0), sqrt_0 by lra; lra).
  apply Psi_slope; auto.
  - split; [lra | left; apply Rdiv_lt_0_compat; lra].
  - apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto].
Qed.

(* Nodes z_0 <= z_1 <= .. with heights below min(z, sqrt(c z)). *)
Theorem psi_sum N z h c : 0 < c -> 0 < z O -> (forall t, z t <= z (S t)) -> (forall t, 0 <= h t <= height c (z t)) ->
  sum N (fun t => h t * (/ z t - / z (S t))) + h N / z N <= Psi (c / z O).
Proof.
  intros Hc H0 Hz Hh.
  assert (P : forall t, 0 < z t) by (induction t as [|t IH]; [auto | specialize (Hz t); lra]).
  assert (Q : sum N (fun t => h t * (/ z t - / z (S t))) <= Psi (c / z O) - Psi (c / z N)).
  { induction N as [|N IH]; [simpl; lra|]. rewrite sum_S.
    pose proof (Psi_step c (h N) (z N) (z (S N)) Hc (conj (P N) (Hz N)) (Hh N)). lra. }
  pose proof (Psi_last c (h N) (z N) Hc (P N) (Hh N)). lra.
Qed.

(* The package's form: z_1 = 1 and h_t = min(z_t, sqrt(c z_t)). *)
Theorem psi_integral N z c : 0 < c -> z O = 1 -> (forall t, z t <= z (S t)) ->
  sum N (fun t => height c (z t) * (/ z t - / z (S t))) + height c (z N) / z N <= Psi c.
Proof.
  intros Hc H0 Hz.
  assert (P : forall t, 0 < z t) by (induction t as [|t IH]; [lra | specialize (Hz t); lra]).
  replace (Psi c) with (Psi (c / z O)) by (rewrite H0; f_equal; field).
  apply psi_sum with (h := fun t => height c (z t)); auto.
  intros t. split; [|lra]. apply Rmin_glb; [specialize (P t); lra | apply sqrt_pos].
Qed.

Definition K2_plain (T G eps w : R) : R := ln (1 + w * T * G² / eps) / w.
Definition K2_uniform (T G eps beta2 : R) : R :=
  ln (1 + T * G² / eps) + beta2 / (1 - beta2) * Psi (2 * (1 - beta2) * G² / eps).
Definition K2_avgrad (T G eps beta2 : R) : R := Rmin (K2_plain T G eps (1 - beta2)) (K2_uniform T G eps beta2).

(* B_t = t eps + t vbar_t; the t-th term of the sum (from 0) is x t / B (t + 1). *)
Definition B (x : nat -> R) (eps beta2 : R) (t : nat) : R := INR t * eps + tvbar beta2 x t.

Lemma ratio_le a b c : 0 <= a -> 0 < b <= c -> a / c <= a / b.
Proof. intros Ha Hb. apply Rmult_le_compat_l; [auto|]. apply Rinv_le_contravar; lra. Qed.

Section RatioSum.
Variables (x : nat -> R) (G eps beta2 : R).
Hypothesis x_low : forall t, 0 <= x t.
Hypothesis x_up : forall t, x t <= G².
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 <= beta2 < 1.

Local Notation Bt := (B x eps beta2).
Let w := 1 - beta2.

Lemma tvbar_nonneg t : 0 <= tvbar beta2 x t.
Proof. apply sum_nonneg; intros s _. apply v_nonneg; auto; lra. Qed.

Lemma B_pos t : 0 < Bt (S t).
Proof. unfold B. rewrite S_INR. pose proof (pos_INR t). pose proof (tvbar_nonneg (S t)). nra. Qed.

Lemma B_low t : eps <= Bt (S t).
Proof. unfold B. rewrite S_INR. pose proof (pos_INR t). pose proof (tvbar_nonneg (S t)). nra. Qed.

Local Lemma plain T : sum T (fun t => x t / Bt (S t)) <= K2_plain (INR T) G eps (1 - beta2).
Proof.
  assert (Hw : 0 < w) by (unfold w; lra). unfold K2_plain. fold w.
  apply Rmult_le_reg_l with w; [auto|]. rewrite <- sum_scal.
  replace (w * (ln (1 + w * INR T * G² / eps) / w)) with (ln (1 + w * INR T * G² / eps)) by (field; lra).
  apply Rle_trans with (ln (1 + sum T (fun t => w * x t) / eps)).
  - apply Rle_trans with (2 := ratio_sum T (fun t => w * x t) eps eps_pos ltac:(intros t; specialize (x_low t); nra)).
    apply sum_le; intros t _. replace (w * (x t / Bt (S t))) with (w * x t / Bt (S t)) by (unfold Rdiv; ring).
    apply ratio_le; [specialize (x_low t); nra|].
    assert (0 <= sum (S t) (fun t => w * x t)) by (apply sum_nonneg; intros s _; specialize (x_low s); nra).
    split; [lra|]. unfold B. rewrite S_INR, sum_scal. pose proof (pos_INR t).
    pose proof (avgrad_least_weight beta2 x (S t) ltac:(lra) x_low). unfold w. nra.
  - assert (0 <= sum T (fun t => w * x t)) by (apply sum_nonneg; intros s _; specialize (x_low s); nra).
    assert (0 < / eps) by (apply Rinv_0_lt_compat; auto).
    apply ln_le_mono; unfold Rdiv; [nra|]. apply Rplus_le_compat_l, Rmult_le_compat_r; [lra|].
    rewrite sum_scal, Rmult_assoc. apply Rmult_le_compat_l; [lra|]. apply sum_le_const; auto.
Qed.

(* v_t^2 <= 2 w G^2 V_t, because v rises by at most w G^2 in a step. *)
Local Lemma v_sq t : (v beta2 x t)² <= 2 * w * G² * tvbar beta2 x t.
Proof.
  induction t as [|t IH]; [unfold tvbar; simpl; rewrite Rsqr_0; lra|].
  rewrite tvbar_S. pose proof (v_nonneg beta2 x t ltac:(lra) x_low) as P.
  pose proof (v_nonneg beta2 x (S t) ltac:(lra) x_low) as P'.
  assert (E : v beta2 x (S t) = v beta2 x t + w * (x t - v beta2 x t)) by (simpl; unfold w; ring).
  pose proof (x_up t). pose proof (x_low t). assert (Hw : 0 < w) by (unfold w; lra).
  set (a := v beta2 x t) in *. set (b := v beta2 x (S t)) in *.
  destruct (Rle_dec b a) as [D | D].
  - assert (b² <= a²) by (unfold Rsqr; nra). assert (0 <= 2 * w * G² * b) by (apply Rmult_le_pos; nra). lra.
  - assert (b - a <= w * G²) by nra. assert ((b - a) * (b + a) <= (b - a) * (2 * b)) by nra.
    assert ((b - a) * (2 * b) <= w * G² * (2 * b)) by nra. unfold Rsqr in *. nra.
Qed.

Local Lemma v_height t : 0 <= v beta2 x (S t) <= height (2 * w * G²) (Bt (S t)).
Proof.
  pose proof (v_nonneg beta2 x (S t) ltac:(lra) x_low) as P. split; [auto|].
  pose proof (tvbar_nonneg t) as Pt. pose proof (v_sq (S t)) as H. pose proof (B_pos t) as HB.
  assert (Hw : 0 < w) by (unfold w; lra). pose proof (Rle_0_sqr G) as HG.
  assert (Hle : tvbar beta2 x (S t) <= Bt (S t)).
  { unfold B. pose proof (pos_INR (S t)). nra. }
  apply Rmin_glb.
  - rewrite tvbar_S in Hle. lra.
  - rewrite <- (sqrt_Rsqr (v beta2 x (S t))) by auto. apply sqrt_le_1_alt.
    apply Rle_trans with (1 := H). apply Rmult_le_compat_l; [nra | auto].
Qed.

Lemma B_mono t : Bt t <= Bt (S t).
Proof.
  unfold B. rewrite S_INR, tvbar_S. pose proof (v_nonneg beta2 x (S t) ltac:(lra) x_low). lra.
Qed.

(* Summation by parts of (v_{t+1} - v_t)/B_{t+1}. *)
Local Lemma by_parts T : sum (S T) (fun t => (v beta2 x (S t) - v beta2 x t) / Bt (S t))
  = sum T (fun t => v beta2 x (S t) * (/ Bt (S t) - / Bt (S (S t)))) + v beta2 x (S T) / Bt (S T).
Proof.
  induction T as [|T IH]; [simpl; unfold Rdiv; ring|].
  rewrite sum_S, IH, (sum_S T). unfold Rdiv. ring.
Qed.

Local Lemma increments T : sum T (fun t => (v beta2 x (S t) - v beta2 x t) / Bt (S t)) <= Psi (2 * w * G² / eps).
Proof.
  assert (Hw : 0 < w) by (unfold w; lra). destruct (Req_dec G 0) as [Z | NZ].
  { assert (V : forall t, v beta2 x t = 0).
    { intros t. apply Rsqr_0_uniq. pose proof (v_sq t) as H. rewrite Z, Rsqr_0, Rmult_0_r, Rmult_0_l in H.
      pose proof (Rle_0_sqr (v beta2 x t)). lra. }
    replace (sum T _) with 0.
    - apply Psi_nonneg. rewrite Z, Rsqr_0. unfold Rdiv. lra.
    - symmetry. apply sum_0; intros t _. rewrite !V. unfold Rdiv. lra. }
  assert (HG2 : 0 < G²) by (apply Rsqr_pos_lt; auto).
  assert (Hc : 0 < 2 * w * G²) by (apply Rmult_lt_0_compat; lra).
  assert (Hq : 0 < / eps) by (apply Rinv_0_lt_compat; auto).
  destruct T as [|T].
  - simpl. apply Psi_nonneg. unfold Rdiv. nra.
  - rewrite by_parts.
    apply Rle_trans with (Psi (2 * w * G² / Bt 1)).
    + apply (psi_sum T (fun t => Bt (S t)) (fun t => v beta2 x (S t))); auto using B_pos, B_mono, v_height.
    + pose proof (B_pos 0). pose proof (B_low 0). apply Psi_mono. split.
      * left. apply Rdiv_lt_0_compat; auto.
      * apply ratio_le; lra.
Qed.

Local Lemma uniform T : sum T (fun t => x t / Bt (S t)) <= K2_uniform (INR T) G eps beta2.
Proof.
  unfold K2_uniform. fold w. assert (Hw : 0 < w) by (unfold w; lra).
  replace (sum T (fun t => x t / Bt (S t))) with
    (sum T (fun t => v beta2 x (S t) / Bt (S t))
     + beta2 / w * sum T (fun t => (v beta2 x (S t) - v beta2 x t) / Bt (S t))).
  2:{ rewrite <- sum_scal, <- sum_plus. apply sum_ext; intros t _. simpl. pose proof (B_pos t).
      unfold w in *. field; lra. }
  apply Rplus_le_compat.
  - apply Rle_trans with (ln (1 + sum T (fun t => v beta2 x (S t)) / eps)).
    + assert (P : forall t, 0 <= v beta2 x (S t)) by (intros; apply v_nonneg; auto; lra).
      apply Rle_trans with (2 := ratio_sum T (fun t => v beta2 x (S t)) eps eps_pos P).
      apply sum_le; intros t _. apply ratio_le; [auto|]. fold (tvbar beta2 x (S t)).
      pose proof (tvbar_nonneg (S t)). split; [lra|]. unfold B. rewrite S_INR. pose proof (pos_INR t). nra.
    + fold (tvbar beta2 x T). pose proof (tvbar_nonneg T). assert (0 < / eps) by (apply Rinv_0_lt_compat; auto).
      apply ln_le_mono; unfold Rdiv; [nra|]. apply Rplus_le_compat_l, Rmult_le_compat_r; [lra|].
      apply Rle_trans with (1 := avgrad_largest_weight beta2 x T ltac:(lra) x_low). apply sum_le_const; auto.
  - apply Rmult_le_compat_l; [|apply increments].
    apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto].
Qed.

End RatioSum.

Theorem avgrad_ratio_sum T x G eps beta2 :
  (forall t, 0 <= x t) -> (forall t, x t <= G²) -> 0 < eps -> 0 <= beta2 < 1 ->
  sum T (fun t => x t / B x eps beta2 (S t)) <= K2_plain (INR T) G eps (1 - beta2).
Proof. intros. apply plain; auto. Qed.

Theorem avgrad_ratio_sum_uniform T x G eps beta2 :
  (forall t, 0 <= x t) -> (forall t, x t <= G²) -> 0 < eps -> 0 <= beta2 < 1 ->
  sum T (fun t => x t / B x eps beta2 (S t)) <= K2_uniform (INR T) G eps beta2.
Proof. intros. apply uniform; auto. Qed.

Theorem avgrad_ratio_sum_least T x G eps beta2 :
  (forall t, 0 <= x t) -> (forall t, x t <= G²) -> 0 < eps -> 0 <= beta2 < 1 ->
  sum T (fun t => x t / B x eps beta2 (S t)) <= K2_avgrad (INR T) G eps beta2.
Proof. intros. apply Rmin_glb; [apply plain | apply uniform]; auto. Qed.
