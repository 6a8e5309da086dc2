(* T5A: AMSGrad without momentum, alpha_t = alpha/sqrt(t), at any eps, Lam = ln(1 + G^2/eps), w = 1-beta2:
       (1/T) sum_t E|grad F(x_{t-1})|^2 <= (R/(alpha sqrt T)) [ D0 + d alpha G Lam/(2 sqrt w) + (d alpha^2 L/2) Q_A ],
       Q_A = min( 1 + ln T + (beta2/w)(1 + ln(2+Lam)), min(1/w, G^2/eps)(1 + ln T) ).
   First Q_A >= sum_t g_t^2/(t A_t), A_t = eps + vmax_t: g_t^2 = v_t + (beta2/w)(v_t - v_{t-1}), and by parts
       sum_{t<=T} (v_t - v_{t-1})/(t A_t) <= 1 + sum_{t<T} mu_t/(t+1),   mu_t = 1 - A_t/A_{t+1} in [0,1),
       sum mu_t/(t+1) <= ln(1 + sum mu_t) <= ln(1 + Lam).
   Then L4, and L1log with W = t w and a = t A_{t-1}, b = b_t: its logarithms telescope to Lam. *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm RatioSums DecreasingWeights AVGradWeights Paths.
From Mada Require Import DecoupledRate DecouplingAnyDenominator MomentumShift MomentumLog MonotoneLog MomentumMethods.
Import ListNotations.
Local Open Scope R_scope.

Definition log_range (eps G : R) : R := ln (1 + G² / eps).
Definition Q_A (T G eps beta2 : R) : R :=
  Rmin (1 + ln T + beta2 / (1 - beta2) * (1 + ln (2 + log_range eps G)))
       (Rmin (1 / (1 - beta2)) (G² / eps) * (1 + ln T)).

(* The running maximum of v_1, v_2, .. *)
Fixpoint vmax (beta2 : R) (x : nat -> R) (t : nat) : R :=
  match t with O => 0 | S t => Rmax (vmax beta2 x t) (v beta2 x (S t)) end.

Lemma vmax_ext beta2 x y t : (forall s, (s < t)%nat -> x s = y s) -> vmax beta2 x t = vmax beta2 y t.
Proof.
  intros H. induction t as [|t IH]; [reflexivity|]. cbn [vmax]. rewrite IH by auto.
  rewrite (v_ext beta2 x y (S t)); auto.
Qed.

(* A_t = eps + vmax_t *)
Definition A (eps beta2 : R) (x : nat -> R) (t : nat) : R := eps + vmax beta2 x t.

Section RatioSum.
Variables (x : nat -> R) (G eps beta2 : R).
Hypothesis x_low : forall t, 0 <= x t.
Hypothesis x_up : forall t, x t <= G².
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 <= beta2 < 1.

Local Notation A := (A eps beta2 x).
Let w := 1 - beta2.
Let V := v beta2 x.
Let mu t := 1 - A (S t) / A (S (S t)).

Lemma vmax_between t : 0 <= vmax beta2 x t <= G².
Proof.
  induction t as [|t [IH1 IH2]]; cbn [vmax]; [pose proof (Rle_0_sqr G); lra|].
  split; [apply Rle_trans with (1 := IH1), Rmax_l|].
  apply Rmax_lub; auto. apply v_up; auto; [lra | apply Rle_0_sqr].
Qed.

Lemma A_pos t : 0 < A t.
Proof. unfold A. pose proof (vmax_between t). lra. Qed.

Lemma A_grows t : A t <= A (S t).
Proof. unfold A. apply Rplus_le_compat_l, Rmax_l. Qed.

Lemma V_below t : 0 <= V (S t) <= A (S t).
Proof.
  split; [apply v_nonneg; auto; lra|]. unfold A, V. cbn [vmax].
  pose proof (Rmax_r (vmax beta2 x t) (v beta2 x (S t))). lra.
Qed.

Lemma mu_between t : 0 <= mu t <= 1.
Proof.
  pose proof (A_pos (S t)). pose proof (A_pos (S (S t))) as P. pose proof (A_grows (S t)). unfold mu.
  assert (0 <= A (S t) / A (S (S t)) <= 1); [|lra]. split; [left; apply Rdiv_lt_0_compat; auto|].
  apply Rmult_le_reg_r with (A (S (S t))); [auto|].
  replace (A (S t) / A (S (S t)) * A (S (S t))) with (A (S t)) by (field; lra).
  lra.
Qed.

Lemma mu_sum_le t : 0 <= sum t mu <= INR t.
Proof.
  split; [apply sum_nonneg; intros; apply mu_between|].
  rewrite <- (Rmult_1_r (INR t)). apply sum_le_const. intros; apply mu_between.
Qed.

Lemma mu_sum_log t : sum t mu <= ln (A (S t)) - ln (A 1).
Proof.
  induction t as [|t IH]; [simpl; lra|]. rewrite sum_S.
  pose proof (A_pos (S t)). pose proof (A_pos (S (S t))).
  pose proof (ln_lower (A (S (S t)) / A (S t)) ltac:(apply Rdiv_lt_0_compat; auto)) as H'.
  rewrite ln_quot in H' by auto.
  replace (/ (A (S (S t)) / A (S t))) with (A (S t) / A (S (S t))) in H' by (field; lra).
  assert (E : mu t = 1 - A (S t) / A (S (S t))) by reflexivity. lra.
Qed.

(* sum_{t<=T} (v_t - v_{t-1})/(t A_t), summed by parts, T = t + 1 *)
Lemma increments t : sum (S t) (fun t => (V (S t) - V t) / (INR (S t) * A (S t)))
  <= V (S t) / (INR (S t) * A (S t)) + 1 - / INR (S t) + ln (1 + sum t mu).
Proof.
  induction t as [|t IH].
  - simpl sum. change (V 0) with 0. change (INR 1) with 1. rewrite Rplus_0_r, ln_1, Rinv_1. unfold Rdiv. lra.
  - rewrite sum_S. apply Rle_trans with (1 := Rplus_le_compat_r _ _ _ IH). rewrite (sum_S t mu).
    pose proof (V_below t) as [V0 V1]. pose proof (A_pos (S t)) as P1. pose proof (A_pos (S (S t))) as P2.
    pose proof (INR_S_pos t) as I1. pose proof (INR_S_pos (S t)) as I2. destruct (mu_between t) as [M0 M1].
    destruct (mu_sum_le t) as [S0 S1].
    assert (E : mu t = 1 - A (S t) / A (S (S t))) by reflexivity.
    assert (L : mu t / INR (S (S t)) <= ln (1 + (sum t mu + mu t)) - ln (1 + sum t mu)).
    { rewrite <- Rplus_assoc. apply Rle_trans with (2 := ratio_step (1 + sum t mu) (mu t) ltac:(lra) M0).
      apply Rmult_le_compat_l; [auto|]. apply Rinv_le_contravar; [lra|]. rewrite !S_INR. lra. }
    (* V (c - c') <= A (c - c'), c = 1/(t A_t) *)
    assert (K : V (S t) / (INR (S t) * A (S t)) - V (S t) / (INR (S (S t)) * A (S (S t)))
                <= / INR (S t) - / INR (S (S t)) + mu t / INR (S (S t))).
    { replace (/ INR (S t) - / INR (S (S t)) + mu t / INR (S (S t)))
        with (A (S t) * (/ (INR (S t) * A (S t)) - / (INR (S (S t)) * A (S (S t))))) by (rewrite E; field; lra).
      replace (V (S t) / (INR (S t) * A (S t)) - V (S t) / (INR (S (S t)) * A (S (S t))))
        with (V (S t) * (/ (INR (S t) * A (S t)) - / (INR (S (S t)) * A (S (S t))))) by (unfold Rdiv; ring).
      apply Rmult_le_compat_r; [|auto].
      assert (Q : / (INR (S (S t)) * A (S (S t))) <= / (INR (S t) * A (S t))); [|lra].
      apply Rinv_le_contravar; [apply Rmult_lt_0_compat; auto|].
      apply Rmult_le_compat; try lra; [rewrite (S_INR (S t)); lra | apply A_grows]. }
    unfold Rdiv in *. rewrite Rmult_minus_distr_r. lra.
Qed.

Lemma increments_below t : sum (S t) (fun t => (V (S t) - V t) / (INR (S t) * A (S t))) <= 1 + ln (2 + log_range eps G).
Proof.
  apply Rle_trans with (1 := increments t).
  destruct (V_below t) as [V0 V1]. pose proof (A_pos (S t)) as P. pose proof (INR_S_pos t) as I.
  assert (H1 : V (S t) / (INR (S t) * A (S t)) <= / INR (S t)).
  { replace (/ INR (S t)) with (A (S t) / (INR (S t) * A (S t))) by (field; lra).
    apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, Rmult_lt_0_compat; auto | auto]. }
  assert (H2 : ln (1 + sum t mu) <= ln (2 + log_range eps G)); [|lra].
  destruct (mu_sum_le t) as [S0 _]. pose proof (mu_sum_log t) as S1. apply ln_le_mono; [lra|].
  assert (B1 : eps <= A 1) by (unfold A; pose proof (vmax_between 1); lra).
  pose proof (ln_le_mono _ _ eps_pos B1) as L1.
  assert (L2 : ln (A (S t)) <= ln (eps + G²))
      by (apply ln_le_mono; [auto|]; unfold A; pose proof (vmax_between (S t)); lra).
  pose proof (Rle_0_sqr G) as HG.
  assert (E : log_range eps G = ln (eps + G²) - ln eps).
  { unfold log_range. replace (1 + G² / eps) with ((eps + G²) / eps) by (field; lra). apply ln_quot; lra. }
  lra.
Qed.

Local Lemma ratio_sum_in T : (0 < T)%nat ->
  sum T (fun t => x t / (INR (S t) * A (S t))) <= Q_A (INR T) G eps beta2.
Proof.
  intros HT. assert (Pw : 0 < w) by (unfold w; lra). pose proof (harmonic_sum T HT) as HH.
  pose proof (Rle_0_sqr G) as HG.
  assert (I : forall t, 0 < INR (S t) * A (S t))
      by (intros t; apply Rmult_lt_0_compat; [apply INR_S_pos | apply A_pos]).
  apply Rmin_glb.
  - replace (sum T (fun t => x t / (INR (S t) * A (S t)))) with
      (sum T (fun t => V (S t) / (INR (S t) * A (S t)))
       + beta2 / w * sum T (fun t => (V (S t) - V t) / (INR (S t) * A (S t)))).
    2:{ rewrite <- sum_scal, <- sum_plus. apply sum_ext; intros t _. specialize (I t).
        unfold V. simpl v. pose proof (A_pos (S t)). pose proof (INR_S_pos t). unfold w in *.
        field; repeat split; lra. }
    apply Rplus_le_compat.
    + apply Rle_trans with (2 := HH). apply sum_le; intros t _. destruct (V_below t) as [V0 V1].
      pose proof (A_pos (S t)).
      pose proof (INR_S_pos t). replace (/ INR (S t)) with (A (S t) / (INR (S t) * A (S t))) by (field; lra).
      apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto | auto].
    + apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]|].
      destruct T as [|T]; [lia | apply increments_below].
  - assert (Pe : 0 < / eps) by (apply Rinv_0_lt_compat; auto).
    assert (Pw' : 0 < / w) by (apply Rinv_0_lt_compat; auto).
    assert (C : 0 <= Rmin (1 / w) (G² / eps)) by (apply Rmin_glb; apply Rmult_le_pos; lra).
    apply Rle_trans with (2 := Rmult_le_compat_l _ _ _ C HH). rewrite <- sum_scal. apply sum_le; intros t _.
    destruct (V_below t) as [V0 V1]. pose proof (A_pos (S t)) as P. pose proof (INR_S_pos t) as It. specialize (I t).
    pose proof (x_low t) as X0. pose proof (x_up t) as X1.
    replace (x t / (INR (S t) * A (S t))) with (x t / A (S t) * / INR (S t)) by (field; lra).
    apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto|]. apply Rmin_glb.
    + apply Rmult_le_reg_r with (w * A (S t)); [apply Rmult_lt_0_compat; lra|].
      replace (x t / A (S t) * (w * A (S t))) with (w * x t) by (field; lra).
      replace (1 / w * (w * A (S t))) with (A (S t)) by (field; lra).
      apply Rle_trans with (2 := V1). unfold V, w. simpl v.
      assert (0 <= beta2 * v beta2 x t) by (apply Rmult_le_pos; [lra | apply v_nonneg; auto; lra]). lra.
    + apply Rmult_le_compat; auto; [left; apply Rinv_0_lt_compat; auto|].
      apply Rinv_le_contravar; [auto|]. unfold A. pose proof (vmax_between (S t)). lra.
Qed.
End RatioSum.

Theorem amsgrad_ratio_sum x G eps beta2 T :
  (forall t, 0 <= x t) -> (forall t, x t <= G²) -> 0 < eps -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  sum T (fun t => x t / (INR (S t) * A eps beta2 x (S t))) <= Q_A (INR T) G eps beta2.
Proof. intros. apply ratio_sum_in; auto. Qed.

Definition amsgrad_right (T d D0 L G eps alpha beta2 : R) : R :=
  radius eps G / (alpha * sqrt T) * (D0 + alpha * G / (2 * sqrt (1 - beta2)) * (d * log_range eps G)
    + alpha² * L / 2 * (d * Q_A T G eps beta2)).

Section AMSGrad.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis H : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta2 : R) (x0 : vec) (T : nat).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 <= beta2 < 1.

Let program := run amsgrad g alpha 0 beta2 eps x0.
Let X := point amsgrad g alpha 0 beta2 eps x0.
Let m := first_moment amsgrad g alpha 0 beta2 eps x0.
Let b := b amsgrad g alpha 0 beta2 eps x0.
Let w := 1 - beta2.
Let mu := / sqrt w.
Let known h i := eps + largest (program h) i.
Let cost := alpha * G / (2 * sqrt w).
Let Psi h := log_potential d F L g G alpha 0 mu X m b h - cost * sum d (fun i => ln (known h i)).

Local Lemma w_pos : 0 < w.
Proof. unfold w. lra. Qed.

Local Lemma small k y i : (k < n)%nat -> (i < d)%nat -> (g k y i)² <= G².
Proof. apply (gsq_le H). Qed.

Local Lemma is_adaptive : adaptive_method n T d g alpha 0 X m b.
Proof.
  refine (method_is_adaptive amsgrad g alpha 0 beta2 eps x0 n d eps_pos T alpha_pos _ _); [lra|].
  intros k h i _ _. apply amsgrad_grows; auto.
Qed.

Local Lemma floor k h i : within n T (k :: h) -> (i < d)%nat -> w * (g k (X h) i)² <= b (k :: h) i.
Proof.
  intros [Hv _] Hi.
  apply (b_floor amsgrad g alpha 0 beta2 eps x0 beta2_01 n d G small amsgrad_sound eps_pos); auto.
Qed.

Local Lemma known_pos h i : 0 < known h i.
Proof. unfold known. destruct (moments_nonneg amsgrad g alpha 0 beta2 eps x0 beta2_01 h i) as [[N1 N2] _].
fold program in N1, N2. lra. Qed.

Local Lemma known_grows k h i : known h i <= known (k :: h) i.
Proof. unfold known. apply Rplus_le_compat_l, Rmax_l. Qed.

Local Lemma known_floor k h i : w * (g k (X h) i)² <= known (k :: h) i.
Proof.
  pose proof (second_floor amsgrad g alpha 0 beta2 eps x0 beta2_01 k h i) as Hf. fold X program w in Hf.
  destruct (moments_nonneg amsgrad g alpha 0 beta2 eps x0 beta2_01 (k :: h) i) as [[N1 N2] _]. fold program in N1, N2.
  unfold known. lra.
Qed.

Local Lemma known_up h i : valid n h -> (i < d)%nat -> known h i <= eps + G².
Proof.
  intros Hv Hi. destruct (moments_up amsgrad g alpha 0 beta2 eps x0 beta2_01 n d G small h i Hv Hi) as (_ & U & _).
  fold program in U. unfold known. lra.
Qed.

Local Lemma largest_path h i : largest (program h) i
    = vmax beta2 (squares amsgrad g alpha 0 beta2 eps x0 h i) (length h).
Proof.
  induction h as [|k h IH]; [reflexivity|]. change (length (k :: h)) with (S (length h)). cbn [vmax].
  change (largest (program (k :: h)) i) with (Rmax (largest (program h) i) (second (program (k :: h)) i)).
  unfold program at 2. rewrite second_path. change (length (k :: h)) with (S (length h)). f_equal.
  rewrite IH. apply vmax_ext; intros s Hs. symmetry. apply along_before; auto.
Qed.

Local Lemma b_known k h i : b (k :: h) i = INR (S (length h)) * known (k :: h) i.
Proof. reflexivity. Qed.

(* L1log for one coordinate, W = t w and a = t A_{t-1}. *)
Local Lemma decoupled h i : within n T h -> (i < d)%nat ->
  / radius eps G / sqrt (INR (S (length h))) * (gF (X h) i)²
  <= Ex n p (fun k => gF (X h) i * g k (X h) i / sqrt (b (k :: h) i)
                      + G / (2 * sqrt w) * (ln (known (k :: h) i) - ln (known h i))).
Proof.
  intros [Hv _] Hi. pose proof (p_pos H) as Pp. pose proof (p_one H) as P1.
  set (t := INR (S (length h))).
  assert (Ht : 1 <= t) by (unfold t; rewrite S_INR; pose proof (pos_INR (length h)); lra).
  pose proof (known_pos h i) as PA. pose proof w_pos as W0. pose proof (sqrt_lt_R0 _ w_pos) as Pw.
  pose proof (sqrt_lt_R0 t ltac:(lra)) as Pt.
  assert (HG : 0 <= G) by (apply (G_nonneg H); lia). pose proof (radius_pos eps G eps_pos) as PR.
  assert (D := decoupling_half n p (fun k => b (k :: h) i) (t * known h i) (t * w) G Pp P1
    ltac:(apply Rmult_lt_0_compat; lra) ltac:(apply Rmult_lt_0_compat; lra)
    (fun k _ => Rmult_le_compat_l t _ _ ltac:(lra) (known_grows k h i)) (fun k => g k (X h) i)
    (fun k Hk => g_bnd H k (X h) i Hk Hi)).
  rewrite (g_unbiased H) in D by auto.
  assert (D' : (gF (X h) i)² / sqrt (Rmax (t * known h i) (t * w * (gF (X h) i)²))
    <= Ex n p (fun k => gF (X h) i * g k (X h) i / sqrt (b (k :: h) i))
       + G / (2 * sqrt (t * w)) * Ex n p (fun k => ln (b (k :: h) i / (t * known h i)))).
  { apply D. intros k Hk. rewrite b_known, Rmult_assoc. fold t. apply Rmult_le_compat_l; [lra | apply known_floor]. }
  clear D. rewrite Ex_plus, Ex_scal.
  replace (Ex n p (fun k => ln (b (k :: h) i / (t * known h i))))
    with (Ex n p (fun k => ln (known (k :: h) i) - ln (known h i))) in D'.
  2:{ apply Ex_ext. intros k Hk. rewrite b_known. fold t. pose proof (known_pos (k :: h) i).
      replace (t * known (k :: h) i / (t * known h i)) with (known (k :: h) i / known h i) by (field; lra).
      symmetry; apply ln_quot; auto. }
  set (loss := Ex n p (fun k => ln (known (k :: h) i) - ln (known h i))) in *.
  assert (L0 : 0 <= loss).
  { apply Ex_nonneg; auto. intros k _. pose proof (ln_le_mono _ _ (known_pos h i) (known_grows k h i)). lra. }
  assert (C : G / (2 * sqrt (t * w)) <= G / (2 * sqrt w)).
  { apply Rmult_le_compat_l; [auto|]. apply Rinv_le_contravar; [lra|]. apply Rmult_le_compat_l; [lra|].
    apply sqrt_le_1_alt. apply Rmult_le_compat_r with (r := w) in Ht; lra. }
  apply Rmult_le_compat_r with (r := loss) in C; [|auto].
  apply Rle_trans with ((gF (X h) i)² / sqrt (Rmax (t * known h i) (t * w * (gF (X h) i)²))); [|lra].
  unfold Rdiv. rewrite Rmult_comm. apply Rmult_le_compat_l; [apply Rle_0_sqr|].
  rewrite <- Rinv_mult. apply Rinv_le_contravar.
  - apply sqrt_lt_R0. apply Rlt_le_trans with (2 := Rmax_l _ _). apply Rmult_lt_0_compat; lra.
  - unfold radius. rewrite <- sqrt_mult_alt by (pose proof (Rle_0_sqr G); lra). apply sqrt_le_1_alt.
    rewrite (Rmult_comm (eps + G²)). apply Rmax_lub.
    + apply Rmult_le_compat_l; [lra | apply known_up; auto].
    + rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|]. pose proof (grad_bnd H (X h) i Hi) as Hg.
      assert (S : (gF (X h) i)² <= G²) by (apply Rsqr_le_abs_1; rewrite (Rabs_right G); lra).
      pose proof (Rle_0_sqr (gF (X h) i)) as S0.
      apply Rmult_le_compat_l with (r := w) in S; [|lra]. pose proof (Rle_0_sqr G).
      assert (w * G² <= 1 * G²) by (apply Rmult_le_compat_r; unfold w; lra). lra.
Qed.

Local Lemma mean_step h : valid n h -> (length h < T)%nat -> Ex n p (fun k => Psi (k :: h))
  <= Psi h - alpha * / radius eps G / sqrt (INR (S (length h))) * sqn d (gF (X h)).
Proof.
  intros Hv Hl. pose proof (p_pos H) as Pp. pose proof (p_one H) as P1. pose proof w_pos as W0.
  pose proof (sqrt_lt_R0 _ w_pos) as Pw.
  assert (Hw : within n T h) by (split; [auto | lia]).
  assert (mu_below : forall h i, within n T h -> (i < d)%nat -> Rabs (m h i) <= mu * sqrt (b h i))
    by (apply (momentum_below n d g T alpha 0 w X m b is_adaptive w_pos floor)).
  apply Rle_trans with (Ex n p (fun k => Psi h - alpha * sum d (fun i => gF (X h) i * g k (X h) i / sqrt (b (k :: h) i)
                                             + G / (2 * sqrt w) * (ln (known (k :: h) i) - ln (known h i))))).
  { apply Ex_le; auto. intros k Hk.
    pose proof (log_path_step H mu is_adaptive mu_below k h ltac:(split; [constructor; auto | simpl; lia])) as S.
    unfold Psi. replace cost with (alpha * (G / (2 * sqrt w))) by (unfold cost; field; lra).
    rewrite sum_plus, sum_scal, sum_minus. lra. }
  rewrite Ex_minus, Ex_const, Ex_scal, Ex_sum by auto. apply Rplus_le_compat_l, Ropp_le_contravar.
  unfold Rdiv. rewrite !Rmult_assoc. apply Rmult_le_compat_l; [lra|].
  unfold sqn. rewrite <- !sum_scal. apply sum_le; intros i Hi.
  apply Rle_trans with (2 := decoupled h i Hw Hi). right. unfold Rdiv. ring.
Qed.

Local Lemma rate_in : (0 < T)%nat -> mean_squared_gradient n p d gF X T
  <= amsgrad_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof.
  intros HT. pose proof (p_pos H) as Pp. pose proof (p_one H) as P1. pose proof (radius_pos eps G eps_pos) as PR.
  pose proof w_pos as W0. pose proof (sqrt_lt_R0 _ w_pos) as Pw. pose proof (sqrt_lt_R0 _ (lt_0_INR T HT)) as PT.
  pose proof (potential_telescope n p Pp T Psi _ mean_step) as Fall.
  set (Lam := log_range eps G). set (Q := Q_A (INR T) G eps beta2).
  set (B := F x0 - Fstar + INR d * (cost * Lam + alpha² * L / 2 * Q)).
  replace (amsgrad_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2)
    with (B / (alpha * / radius eps G * sqrt (INR T)))
    by (unfold B, amsgrad_right, cost; fold w Lam Q; field; lra).
  apply (rate_from_sum n p d F gF L Fstar g G H X T
    (fun h => alpha * / radius eps G / sqrt (INR (S (length h))) * sqn d (gF (X h)))); auto.
  - apply Rmult_lt_0_compat; [auto | apply Rinv_0_lt_compat; auto].
  - intros; lra.
  - assert (E0 : growth_cost L G alpha 0 mu = 0) by (unfold growth_cost, momentum_ratio; field).
    assert (E1 : ratio_cost L alpha 0 = alpha² * L / 2) by (unfold ratio_cost, momentum_ratio; field).
    assert (P0 : Psi [] = F x0 - cost * (INR d * ln eps)).
    { unfold Psi. rewrite (log_potential_start F L G mu is_adaptive), E0, Rmult_0_l, Rminus_0_r.
      change (X []) with x0. do 2 f_equal. rewrite <- sum_const. apply sum_ext; intros i _.
      unfold known. simpl. rewrite Rplus_0_r. reflexivity. }
    assert (Low : Fstar - INR d * (cost * (Lam + ln eps) + alpha² * L / 2 * Q) <= Exp n p T Psi []).
    { rewrite <- (Exp_const n p P1 T _ []). apply Exp_le; [auto | constructor |]. intros h Hv Hl. simpl in Hl.
      assert (Hw : within n T h) by (split; [auto | lia]).
      pose proof (log_potential_low H mu is_adaptive h Hw) as S1. rewrite E0, E1, Rmult_0_l, Rminus_0_r in S1.
      assert (S2 : cost * sum d (fun i => ln (known h i)) <= INR d * (cost * (Lam + ln eps))).
      { rewrite <- sum_scal. apply sum_le_const. intros i Hi. pose proof (Rle_0_sqr G) as HG2.
        apply Rmult_le_compat_l.
        - unfold cost. assert (HG : 0 <= G) by (apply (G_nonneg H); lia).
          apply Rmult_le_pos; [apply Rmult_le_pos; lra | left; apply Rinv_0_lt_compat; lra].
        - replace (Lam + ln eps) with (ln (eps + G²)); [apply ln_le_mono; [apply known_pos | apply known_up; auto]|].
          unfold Lam, log_range. replace (1 + G² / eps) with ((eps + G²) / eps) by (field; lra).
          rewrite ln_quot by lra. ring. }
      assert (S3 : sum d (fun i => path_sum (added_ratio g X b i) h) <= INR d * Q).
      { apply sum_le_const. intros i Hi. unfold Q. replace T with (length h) by lia.
        pose proof (squares_between amsgrad g alpha 0 beta2 eps x0 n d G small h i Hv Hi) as Hs.
        unfold added_ratio. fold (square g X i).
        rewrite (path_sum_quotient (square g X i) _ (fun y t => INR t * A eps beta2 y t)).
        - apply amsgrad_ratio_sum; auto; try (intros t; apply Hs). lia.
        - intros y z t E. unfold A. rewrite (vmax_ext beta2 y z t E). reflexivity.
        - intros k h'. rewrite b_known. f_equal. unfold known, A. f_equal. apply largest_path. }
      apply Rmult_le_compat_l with (r := alpha² * L / 2) in S3; [|pose proof (L_nonneg_of H); nonneg].
      unfold Psi. lra. }
    unfold B. lra.
Qed.
End AMSGrad.

Theorem amsgrad_rate n p d F gF L Fstar g G eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (point amsgrad g alpha 0 beta2 eps x0) T
  <= amsgrad_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof. intros. eapply rate_in; eauto. Qed.
