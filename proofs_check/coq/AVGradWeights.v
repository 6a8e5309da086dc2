(* L3: what AVGrad averages.

   v_t = beta2 v_{t-1} + (1-beta2) x_t with x_t = g_t^2, and t vbar_t = v_1 + .. + v_t. Then
       t vbar_t = sum_{j<=t} (1 - beta2^(t-j+1)) x_j,
   (a) (1-beta2) sum x_j <= t vbar_t <= sum x_j; (b) t vbar_t does not decrease, also after division by 1 - beta2^t;
   (c) at beta2 = 0 it is the sum of the squares (Adagrad); (d) for a constant gradient the bias of vbar_t is exact.
   Sequences start at 0: x 0 is the first squared gradient. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums.
Local Open Scope R_scope.

Fixpoint v (beta2 : R) (x : nat -> R) (t : nat) : R :=
  match t with O => 0 | S t => beta2 * v beta2 x t + (1 - beta2) * x t end.

(* t vbar_t *)
Definition tvbar (beta2 : R) (x : nat -> R) (t : nat) : R := sum t (fun s => v beta2 x (S s)).

Lemma v_closed beta2 x t : v beta2 x t = (1 - beta2) * sum t (fun j => beta2 ^ (t - 1 - j) * x j).
Proof.
  induction t as [|t IH]; [simpl; ring|].
  rewrite sum_S. replace (S t - 1 - t)%nat with O by lia.
  change (v beta2 x (S t)) with (beta2 * v beta2 x t + (1 - beta2) * x t). rewrite IH, pow_O.
  replace (sum t (fun j => beta2 ^ (S t - 1 - j) * x j))
    with (beta2 * sum t (fun j => beta2 ^ (t - 1 - j) * x j)); [ring|].
  rewrite <- sum_scal. apply sum_ext; intros j Hj.
  replace (S t - 1 - j)%nat with (S (t - 1 - j)) by lia. simpl; ring.
Qed.

Lemma v_nonneg beta2 x t : 0 <= beta2 <= 1 -> (forall t, 0 <= x t) -> 0 <= v beta2 x t.
Proof. intros Hb Hx. induction t as [|t IH]; simpl; [lra|]. specialize (Hx t). nra. Qed.

Lemma v_up beta2 x M t : 0 <= beta2 <= 1 -> 0 <= M -> (forall t, x t <= M) -> v beta2 x t <= M.
Proof. intros Hb HM Hx. induction t as [|t IH]; simpl; [lra|]. specialize (Hx t). nra. Qed.

Lemma v_ext beta2 x y t : (forall s, (s < t)%nat -> x s = y s) -> v beta2 x t = v beta2 y t.
Proof. intros H. induction t as [|t IH]; simpl; [reflexivity|]. rewrite IH, H; auto. Qed.

Lemma tvbar_S beta2 x t : tvbar beta2 x (S t) = tvbar beta2 x t + v beta2 x (S t).
Proof. reflexivity. Qed.

Lemma tvbar_ext beta2 x y t : (forall s, (s < t)%nat -> x s = y s) -> tvbar beta2 x t = tvbar beta2 y t.
Proof. intros H. apply sum_ext; intros s Hs. apply v_ext; intros r Hr. apply H. lia. Qed.

Theorem avgrad_weights beta2 x t : tvbar beta2 x t = sum t (fun j => (1 - beta2 ^ (t - j)) * x j).
Proof.
  induction t as [|t IH]; [reflexivity|].
  rewrite tvbar_S, IH, v_closed, !sum_S.
  replace (S t - 1 - t)%nat with O by lia. replace (S t - t)%nat with 1%nat by lia.
  rewrite Rmult_plus_distr_l, <- sum_scal, <- Rplus_assoc, <- sum_plus.
  f_equal; [|simpl; ring].
  apply sum_ext; intros j Hj.
  replace (S t - 1 - j)%nat with (t - j)%nat by lia.
  replace (S t - j)%nat with (S (t - j)) by lia. simpl; ring.
Qed.

Lemma pow_01 beta m : 0 <= beta <= 1 -> 0 <= beta ^ m <= 1.
Proof. intros H. induction m as [|m IH]; simpl; [lra|]. nra. Qed.

Lemma pow_decreasing beta m t : 0 <= beta <= 1 -> (m <= t)%nat -> beta ^ t <= beta ^ m.
Proof.
  intros H Hm. replace t with (m + (t - m))%nat by lia. rewrite pow_add.
  pose proof (pow_01 beta m H). pose proof (pow_01 beta (t - m) H). nra.
Qed.

Theorem avgrad_least_weight beta2 x t : 0 <= beta2 <= 1 -> (forall t, 0 <= x t) ->
  (1 - beta2) * sum t x <= tvbar beta2 x t.
Proof.
  intros Hb Hx. rewrite avgrad_weights, <- sum_scal. apply sum_le; intros j Hj.
  apply Rmult_le_compat_r; [auto|].
  pose proof (pow_decreasing beta2 1 (t - j) Hb ltac:(lia)). rewrite pow_1 in *. lra.
Qed.

Theorem avgrad_largest_weight beta2 x t : 0 <= beta2 <= 1 -> (forall t, 0 <= x t) ->
  tvbar beta2 x t <= sum t x.
Proof.
  intros Hb Hx. rewrite avgrad_weights. apply sum_le; intros j Hj.
  pose proof (pow_01 beta2 (t - j) Hb). specialize (Hx j). nra.
Qed.

Theorem avgrad_sum_nondecreasing beta2 x t : 0 <= beta2 <= 1 -> (forall t, 0 <= x t) ->
  tvbar beta2 x t <= tvbar beta2 x (S t).
Proof. intros Hb Hx. rewrite tvbar_S. pose proof (v_nonneg beta2 x (S t) Hb Hx). lra. Qed.

Theorem avgrad_corrected_sum_nondecreasing beta2 x t : (0 < t)%nat -> 0 <= beta2 < 1 -> (forall t, 0 <= x t) ->
  tvbar beta2 x t / (1 - beta2 ^ t) <= tvbar beta2 x (S t) / (1 - beta2 ^ S t).
Proof.
  intros Ht Hb Hx.
  assert (P : forall m, (0 < m)%nat -> beta2 ^ m < 1).
  { intros m Hm. apply Rle_lt_trans with (beta2 ^ 1); [apply pow_decreasing; [lra|lia] | rewrite pow_1; lra]. }
  pose proof (P t Ht) as P1. pose proof (P (S t) ltac:(lia)) as P2.
  apply Rmult_le_reg_r with ((1 - beta2 ^ t) * (1 - beta2 ^ S t)); [apply Rmult_lt_0_compat; lra|].
  replace (tvbar beta2 x t / (1 - beta2 ^ t) * ((1 - beta2 ^ t) * (1 - beta2 ^ S t)))
    with ((1 - beta2 ^ S t) * tvbar beta2 x t) by (field; lra).
  replace (tvbar beta2 x (S t) / (1 - beta2 ^ S t) * ((1 - beta2 ^ t) * (1 - beta2 ^ S t)))
    with ((1 - beta2 ^ t) * tvbar beta2 x (S t)) by (field; lra).
  rewrite !avgrad_weights, sum_S, Rmult_plus_distr_l.
  assert (0 <= (1 - beta2 ^ t) * ((1 - beta2 ^ (S t - t)) * x t)).
  { apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; [|auto].
    pose proof (P (S t - t)%nat ltac:(lia)). lra. }
  assert ((1 - beta2 ^ S t) * sum t (fun j => (1 - beta2 ^ (t - j)) * x j)
          <= (1 - beta2 ^ t) * sum t (fun j => (1 - beta2 ^ (S t - j)) * x j)); [|lra].
  rewrite <- !sum_scal. apply sum_le; intros j Hj. rewrite <- !Rmult_assoc.
  apply Rmult_le_compat_r; [auto|].
  replace (S t - j)%nat with (S (t - j)) by lia. rewrite <- !tech_pow_Rmult.
  pose proof (pow_decreasing beta2 (t - j) t ltac:(lra) ltac:(lia)) as Hd. nra.
Qed.

Theorem avgrad_is_adagrad x t : tvbar 0 x t = sum t x.
Proof. apply sum_ext; intros s _. simpl. ring. Qed.

(* beta + beta^2 + .. + beta^t *)
Definition powers (beta : R) (t : nat) := sum t (fun j => beta ^ (t - j)).

Lemma powers_shift beta t : powers beta (S t) = beta * powers beta t + beta.
Proof.
  unfold powers. rewrite sum_S. replace (S t - t)%nat with 1%nat by lia. rewrite pow_1. f_equal.
  rewrite <- sum_scal. apply sum_ext; intros j Hj. replace (S t - j)%nat with (S (t - j)) by lia. reflexivity.
Qed.

Lemma powers_S beta t : powers beta (S t) = powers beta t + beta ^ S t.
Proof.
  induction t as [|t IH]; [unfold powers; simpl; ring|].
  rewrite powers_shift, IH, Rmult_plus_distr_l. rewrite powers_shift in IH.
  change (beta ^ S (S t)) with (beta * beta ^ S t). lra.
Qed.

Lemma powers_closed beta t : beta <> 1 -> powers beta t = beta * (1 - beta ^ t) / (1 - beta).
Proof.
  intros Hb. induction t as [|t IH]; [unfold powers; simpl; field; lra|].
  rewrite powers_shift, IH. simpl. field. lra.
Qed.

Lemma tvbar_constant beta2 y t : tvbar beta2 (fun _ => y) t = y * (INR t - powers beta2 t).
Proof.
  rewrite avgrad_weights. unfold powers. replace (INR t) with (sum t (fun _ => 1)) by (rewrite sum_const; lra).
  rewrite <- sum_minus, <- sum_scal. apply sum_ext; intros; ring.
Qed.

Theorem avgrad_bias_factor beta2 y t : (0 < t)%nat -> 0 <= beta2 < 1 -> 0 < y ->
  tvbar beta2 (fun _ => y) t / INR t / y = 1 - beta2 * (1 - beta2 ^ t) / (INR t * (1 - beta2)).
Proof.
  intros Ht Hb Hy. assert (0 < INR t) by (apply lt_0_INR; auto).
  rewrite tvbar_constant, powers_closed by lra. field. lra.
Qed.

Theorem avgrad_bias_upper beta2 y t : (0 < t)%nat -> 0 <= beta2 < 1 -> 0 < y ->
  tvbar beta2 (fun _ => y) t / INR t <= (1 - beta2 ^ t) * y.
Proof.
  intros Ht Hb Hy. assert (H : 0 < INR t) by (apply lt_0_INR; auto).
  apply Rmult_le_reg_l with (INR t); [auto|].
  replace (INR t * (tvbar beta2 (fun _ => y) t / INR t)) with (tvbar beta2 (fun _ => y) t) by (field; lra).
  rewrite avgrad_weights, <- sum_const. apply sum_le; intros j Hj.
  pose proof (pow_decreasing beta2 (t - j) t ltac:(lra) ltac:(lia)). nra.
Qed.

(* The trapezium rule overestimates the sum of a convex sequence: 2 sum_{j=1..t} beta^j <= t - 1 + (t + 1) beta^t. *)
Lemma bernoulli beta t : 0 <= beta <= 1 -> (INR t + 1) * beta ^ t <= 1 + INR t * beta ^ S t.
Proof.
  intros Hb. induction t as [|t IH]; [simpl; lra|].
  rewrite S_INR. change (beta ^ S (S t)) with (beta * beta ^ S t). pose proof (pow_01 beta (S t) Hb) as Hp.
  assert (0 <= (1 - beta) * (1 - beta ^ S t)) by (apply Rmult_le_pos; lra).
  apply (Rmult_le_compat_l beta) in IH; [|lra].
  replace (beta * ((INR t + 1) * beta ^ t)) with ((INR t + 1) * beta ^ S t) in IH by (simpl; ring). lra.
Qed.

Lemma trapezium beta t : 0 <= beta <= 1 -> (0 < t)%nat ->
  2 * powers beta t <= INR t - 1 + (INR t + 1) * beta ^ t.
Proof.
  intros Hb Ht. induction t as [|t IH]; [lia|]. destruct t as [|t]; [unfold powers; simpl; lra|].
  specialize (IH ltac:(lia)). pose proof (bernoulli beta (S t) Hb).
  rewrite powers_S, (S_INR (S t)). lra.
Qed.

Theorem avgrad_bias_lower beta2 y t : (0 < t)%nat -> 0 <= beta2 < 1 -> 0 < y ->
  (INR t + 1) / (2 * INR t) * (1 - beta2 ^ t) * y <= tvbar beta2 (fun _ => y) t / INR t.
Proof.
  intros Ht Hb Hy. assert (H : 0 < INR t) by (apply lt_0_INR; auto).
  apply Rmult_le_reg_l with (INR t); [auto|].
  replace (INR t * ((INR t + 1) / (2 * INR t) * (1 - beta2 ^ t) * y)) with (y * ((INR t + 1) / 2 * (1 - beta2 ^ t)))
    by (field; lra).
  replace (INR t * (tvbar beta2 (fun _ => y) t / INR t)) with (tvbar beta2 (fun _ => y) t) by (field; lra).
  rewrite tvbar_constant. apply Rmult_le_compat_l; [lra|].
  pose proof (trapezium beta2 t ltac:(lra) Ht). lra.
Qed.
