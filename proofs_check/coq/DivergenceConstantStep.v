(* Adam in practice with a constant step and without noise diverges, whatever beta1, beta2 and eps: from 0 on
   F(x) = -(c stride/(2 pi)) sin(2 pi x/stride), stride = alpha c/(c + eps), whose gradient is -c at every point reached.
   F is bounded and L-smooth with L = 2 pi c/stride. With eps = 0 every L > 0 is possible, whatever alpha. *)
From Coq Require Import Reals Lra Lia Psatz Arith.
From Mada Require Import Sums AVGradWeights.
Local Open Scope R_scope.

Definition wave (c stride x : R) : R := - (c * stride / (2 * PI) * sin (2 * PI / stride * x)).
Definition wave_slope (c stride x : R) : R := - (c * cos (2 * PI / stride * x)).
Definition practical_move (alpha eps beta1 beta2 : R) (g : nat -> R) (t : nat) : R :=
  alpha * (v beta1 g (S t) / (1 - beta1 ^ S t)) / (sqrt (v beta2 (fun k => (g k)²) (S t) / (1 - beta2 ^ S t)) + eps).

Lemma sin_abs z : Rabs (sin z) <= Rabs z.
Proof.
  assert (P : forall y, 0 < y -> Rabs (sin y) <= y).
  { intros y Hy. apply Rabs_le. split; [|left; apply sin_lt_x; auto].
    destruct (Rle_dec y 1) as [H | H].
    - assert (0 <= sin y); [|lra]. apply sin_ge_0; [lra|]. pose proof PI2_3_2. pose proof PI2_1. lra.
    - pose proof (SIN_bound y). lra. }
  destruct (Rtotal_order z 0) as [H | [H | H]].
  - rewrite <- (Rabs_Ropp z), <- (Rabs_Ropp (sin z)), <- sin_neg, (Rabs_right (- z)) by lra. apply P. lra.
  - rewrite H, sin_0. lra.
  - rewrite (Rabs_right z) by lra. apply P. auto.
Qed.

Lemma cos_lipschitz a b : Rabs (cos a - cos b) <= Rabs (a - b).
Proof.
  rewrite form2, !Rabs_mult. rewrite (Rabs_left (-2)) by lra.
  pose proof (sin_abs ((a - b) / 2)) as S1. pose proof (SIN_bound ((a + b) / 2)) as S2.
  assert (S3 : Rabs (sin ((a + b) / 2)) <= 1) by (apply Rabs_le; lra).
  replace (Rabs (a - b)) with (2 * Rabs ((a - b) / 2)).
  2:{ unfold Rdiv. rewrite Rabs_mult, (Rabs_right (/ 2)) by lra. field. }
  pose proof (Rabs_pos (sin ((a - b) / 2))). pose proof (Rabs_pos (sin ((a + b) / 2))). nra.
Qed.

Section Wave.
Variables (c stride : R).
Hypothesis c_pos : 0 < c.
Hypothesis stride_pos : 0 < stride.

Theorem wave_derivative x : derivable_pt_lim (wave c stride) x (wave_slope c stride x).
Proof.
  pose proof PI_RGT_0. set (w := 2 * PI / stride). set (k := c * stride / (2 * PI)).
  assert (D : derivable_pt_lim (opp_fct (mult_real_fct k (comp sin (mult_real_fct w id)))) x
                (- (k * (cos (w * x) * (w * 1))))).
  { apply derivable_pt_lim_opp. apply derivable_pt_lim_scal. apply derivable_pt_lim_comp.
    - apply derivable_pt_lim_scal. apply derivable_pt_lim_id.
    - apply derivable_pt_lim_sin. }
  replace (wave_slope c stride x) with (- (k * (cos (w * x) * (w * 1)))); [exact D|].
  unfold wave_slope. fold w. unfold k, w. field. lra.
Qed.

Theorem wave_bounded x : Rabs (wave c stride x) <= c * stride / (2 * PI).
Proof.
  pose proof PI_RGT_0. unfold wave. rewrite Rabs_Ropp, Rabs_mult.
  assert (0 < c * stride / (2 * PI)) by (apply Rdiv_lt_0_compat; nra).
  rewrite (Rabs_right (c * stride / (2 * PI))) by lra. pose proof (SIN_bound (2 * PI / stride * x)).
  assert (Rabs (sin (2 * PI / stride * x)) <= 1) by (apply Rabs_le; lra). nra.
Qed.

Theorem wave_smooth x y :
  Rabs (wave_slope c stride x - wave_slope c stride y) <= 2 * PI * c / stride * Rabs (x - y).
Proof.
  pose proof PI_RGT_0. unfold wave_slope.
  replace (- (c * cos (2 * PI / stride * x)) - - (c * cos (2 * PI / stride * y)))
    with (- c * (cos (2 * PI / stride * x) - cos (2 * PI / stride * y))) by ring.
  rewrite Rabs_mult, Rabs_Ropp, (Rabs_right c) by lra. pose proof (cos_lipschitz (2 * PI / stride * x) (2 * PI / stride * y)) as L.
  replace (2 * PI / stride * x - 2 * PI / stride * y) with (2 * PI / stride * (x - y)) in L by ring.
  rewrite (Rabs_mult (2 * PI / stride)), (Rabs_right (2 * PI / stride)) in L by (apply Rle_ge, Rlt_le, Rdiv_lt_0_compat; lra).
  replace (2 * PI * c / stride * Rabs (x - y)) with (c * (2 * PI / stride * Rabs (x - y))) by (field; lra).
  apply Rmult_le_compat_l; lra.
Qed.

Lemma wave_slope_at n : wave_slope c stride (INR n * stride) = - c.
Proof.
  unfold wave_slope. replace (2 * PI / stride * (INR n * stride)) with (0 + 2 * INR n * PI) by (field; lra).
  rewrite cos_period, cos_0. ring.
Qed.
End Wave.

Lemma v_of_constant beta z n : v beta (fun _ => z) n = z * (1 - beta ^ n).
Proof. induction n as [|n IH]; [simpl; ring|]. cbn [v]. rewrite IH. simpl. ring. Qed.

Section ConstantStep.
Variables (alpha eps beta1 beta2 c : R).
Hypothesis alpha_pos : 0 < alpha.
Hypothesis eps_nonneg : 0 <= eps.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis c_pos : 0 < c.
Let stride := alpha * c / (c + eps).
Variable x : nat -> R.
Hypothesis x_start : x O = 0.
Hypothesis x_step :
  forall t, x (S t) = x t - practical_move alpha eps beta1 beta2 (fun k => wave_slope c stride (x k)) t.

Local Lemma stride_pos : 0 < stride.
Proof. apply Rdiv_lt_0_compat; nra. Qed.

Local Lemma power_below beta n : 0 <= beta < 1 -> 0 < 1 - beta ^ S n.
Proof. intros H. pose proof (pow_01 beta n ltac:(lra)). simpl. nra. Qed.

Theorem constant_step t : x t = INR t * stride /\ wave_slope c stride (x t) = - c.
Proof.
  induction t as [t IH] using lt_wf_ind.
  assert (E : x t = INR t * stride); [|split; [auto | rewrite E; apply wave_slope_at; apply stride_pos]].
  destruct t as [|t]; [simpl; rewrite x_start; ring|].
  rewrite x_step. destruct (IH t ltac:(lia)) as [E _]. rewrite E, S_INR.
  assert (G : forall k, (k < S t)%nat -> wave_slope c stride (x k) = - c) by (intros k Hk; apply IH; auto).
  unfold practical_move.
  rewrite (v_ext beta1 _ (fun _ => - c) (S t) G).
  rewrite (v_ext beta2 _ (fun _ => (- c)²) (S t)) by (intros k Hk; rewrite (G k Hk); reflexivity).
  rewrite !v_of_constant. pose proof (power_below beta1 t beta1_01). pose proof (power_below beta2 t beta2_01).
  replace ((- c)² * (1 - beta2 ^ S t) / (1 - beta2 ^ S t)) with (c²) by (unfold Rsqr; field; lra).
  rewrite sqrt_Rsqr by lra. unfold stride. field. repeat split; lra.
Qed.

(* The same speed for ever: T steps bring x by T stride away. *)
Theorem constant_step_time T : (0 < T)%nat -> INR T / (x T - x O) <= (c + eps) / (alpha * c).
Proof.
  intros HT. destruct (constant_step T) as [E _]. rewrite E, x_start. right. pose proof (lt_0_INR T HT).
  unfold stride. field. repeat split; lra.
Qed.
End ConstantStep.
