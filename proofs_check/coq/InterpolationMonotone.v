(* L6: b_t = t(eps + rho v_t + (1-rho) vbar_t), the denominator of the interpolation between Adam and AVGrad, with
       b_t - b_{t-1} = eps + v_t + rho (t-1)(v_t - v_{t-1}).
   It cannot decrease at step t while rho (t-1)(1-beta2) <= beta2; for eps = 0 and unbounded gradients this is exact;
   with |g| <= G it cannot while eps + G^2 (1-beta2^(t-1))(beta2 - rho(t-1)(1-beta2)) >= 0. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums AVGradWeights.
Local Open Scope R_scope.

Definition b (eps beta2 rho : R) (x : nat -> R) (t : nat) : R :=
  INR t * (eps + rho * v beta2 x t) + (1 - rho) * tvbar beta2 x t.

(* b_{t+1} - b_t *)
Definition growth (eps beta2 rho : R) (x : nat -> R) (t : nat) : R :=
  eps + v beta2 x (S t) + rho * INR t * (v beta2 x (S t) - v beta2 x t).

Theorem interpolation_growth eps beta2 rho x t :
  b eps beta2 rho x (S t) - b eps beta2 rho x t = growth eps beta2 rho x t.
Proof. unfold b, growth. rewrite S_INR, tvbar_S. ring. Qed.

Lemma growth_in_x eps beta2 rho x t : growth eps beta2 rho x t
  = eps + (beta2 - rho * INR t * (1 - beta2)) * v beta2 x t + (1 + rho * INR t) * (1 - beta2) * x t.
Proof. unfold growth. simpl v. ring. Qed.

Theorem interpolation_monotone eps beta2 rho x t :
  0 <= eps -> 0 <= rho <= 1 -> 0 <= beta2 < 1 -> (forall t, 0 <= x t) ->
  rho * INR t * (1 - beta2) <= beta2 -> - growth eps beta2 rho x t <= 0.
Proof.
  intros He Hr Hb Hx H. rewrite growth_in_x. pose proof (v_nonneg beta2 x t ltac:(lra) Hx) as Hv.
  pose proof (pos_INR t). pose proof (Hx t).
  assert (0 <= (beta2 - rho * INR t * (1 - beta2)) * v beta2 x t) by (apply Rmult_le_pos; lra).
  assert (0 <= rho * INR t) by (apply Rmult_le_pos; lra).
  assert (0 <= (1 + rho * INR t) * (1 - beta2) * x t) by (repeat apply Rmult_le_pos; lra). lra.
Qed.

(* v_t <= (1 - beta2^t) G^2 *)
Lemma v_corrected beta2 x M t : 0 <= beta2 < 1 -> (forall t, x t <= M) -> v beta2 x t <= (1 - beta2 ^ t) * M.
Proof. intros Hb Hx. induction t as [|t IH]; simpl; [lra|]. specialize (Hx t). nra. Qed.

Theorem interpolation_monotone_bounded eps beta2 rho x G t :
  0 <= eps -> 0 <= rho <= 1 -> 0 <= beta2 < 1 -> (forall t, 0 <= x t <= G²) ->
  eps + G² * (1 - beta2 ^ t) * (beta2 - rho * INR t * (1 - beta2)) >= 0 -> - growth eps beta2 rho x t <= 0.
Proof.
  intros He Hr Hb Hx H. rewrite growth_in_x. pose proof (v_nonneg beta2 x t ltac:(lra) ltac:(apply Hx)) as Hv.
  pose proof (v_corrected beta2 x (G²) t Hb ltac:(apply Hx)) as Hu. pose proof (pos_INR t). destruct (Hx t) as [Hx0 _].
  set (s := beta2 - rho * INR t * (1 - beta2)) in *.
  assert (0 <= rho * INR t) by (apply Rmult_le_pos; lra).
  assert (0 <= (1 + rho * INR t) * (1 - beta2) * x t) by (repeat apply Rmult_le_pos; lra).
  destruct (Rle_dec 0 s) as [P | N]; [assert (0 <= s * v beta2 x t) by (apply Rmult_le_pos; lra); lra|].
  assert (s * ((1 - beta2 ^ t) * G²) <= s * v beta2 x t) by (apply Rmult_le_compat_neg_l; lra). lra.
Qed.

(* Beyond the range and with eps = 0: g_1 = .. = g_t = 1, then 0. *)
Definition then_zero (t : nat) (s : nat) : R := if Nat.ltb s t then 1 else 0.

Theorem interpolation_monotone_exact beta2 rho t : (0 < t)%nat -> 0 < beta2 < 1 -> 0 <= rho <= 1 ->
  beta2 < rho * INR t * (1 - beta2) -> b 0 beta2 rho (then_zero t) (S t) < b 0 beta2 rho (then_zero t) t.
Proof.
  intros Ht Hb Hr H. pose proof (interpolation_growth 0 beta2 rho (then_zero t) t) as E.
  rewrite growth_in_x in E. replace (then_zero t t) with 0 in E by (unfold then_zero; rewrite Nat.ltb_irrefl; auto).
  assert (0 < v beta2 (then_zero t) t); [|nra].
  destruct t as [|t]; [lia|]. simpl. replace (then_zero (S t) t) with 1
    by (unfold then_zero; replace (Nat.ltb t (S t)) with true by (symmetry; apply Nat.ltb_lt; lia); auto).
  assert (0 <= v beta2 (then_zero (S t)) t); [|nra].
  apply v_nonneg; [lra|]. intros s. unfold then_zero. destruct (Nat.ltb s (S t)); lra.
Qed.
