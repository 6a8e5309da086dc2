(* T5c for AMSGrad: a known horizon T, alpha_t = alpha/sqrt(T), no momentum: no ln T. Lam = ln(1 + G^2/eps),
    w = 1-beta2:
       (1/T) sum_t E|grad F(x_{t-1})|^2 <= (R/(alpha sqrt T)) [ D0 + d alpha G Lam/(2 sqrt(wT))
         + (d alpha^2 L/2) min(1 + (beta2/(wT))(1+Lam), G^2/eps) ].
   As T5A with b_t = T A_t, A_t = eps + vmax_t; by parts sum (v_t - v_{t-1})/A_t <= 1 + sum (1 - A_t/A_{t+1})
       <= 1 + Lam. *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm RatioSums DecreasingWeights AVGradWeights Paths.
From Mada Require Import DecoupledRate DecouplingAnyDenominator MomentumShift MomentumLog MonotoneLog AMSGradRate.
Import ListNotations.
Local Open Scope R_scope.

Definition amsgrad_horizon_ratios (T G eps beta2 : R) : R :=
  Rmin (1 + beta2 / ((1 - beta2) * T) * (1 + log_range eps G)) (G² / eps).
Definition amsgrad_horizon_right (T d D0 L G eps alpha beta2 : R) : R :=
  radius eps G / (alpha * sqrt T) * (D0 + alpha * G * (d * log_range eps G) / (2 * sqrt ((1 - beta2) * T))
    + alpha² * L / 2 * (d * amsgrad_horizon_ratios T G eps beta2)).

Section RatioSum.
Variables (x : nat -> R) (G eps beta2 : R).
Hypothesis x_low : forall t, 0 <= x t.
Hypothesis x_up : forall t, x t <= G².
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Local Notation A := (A eps beta2 x).
Local Notation V := (v beta2 x).

Local Lemma A_pos t : 0 < A t.
Proof. apply (AMSGradRate.A_pos x G eps beta2); auto. Qed.

Local Lemma A_up t : eps <= A t <= eps + G².
Proof. unfold AMSGradRate.A. pose proof (vmax_between x G beta2 x_up beta2_01 t). lra. Qed.

Local Lemma V_below t : 0 <= V (S t) <= A (S t).
Proof. apply AMSGradRate.V_below; auto. Qed.

Local Lemma increments t : sum (S t) (fun t => (V (S t) - V t) / A (S t))
    <= V (S t) / A (S t) + ln (A (S t)) - ln (A 1).
Proof.
  induction t as [|t IH].
  - rewrite sum_S. change (V 0) with 0. change (sum 0 _) with 0. unfold Rdiv. lra.
  - rewrite sum_S. apply Rle_trans with (1 := Rplus_le_compat_r _ _ _ IH).
    pose proof (V_below t) as [V0 V1]. pose proof (A_pos (S t)) as P1. pose proof (A_pos (S (S t))) as P2.
    pose proof (ln_lower (A (S (S t)) / A (S t)) ltac:(apply Rdiv_lt_0_compat; auto)) as H.
    rewrite ln_quot in H by auto.
    replace (/ (A (S (S t)) / A (S t))) with (A (S t) / A (S (S t))) in H by (field; lra).
    assert (K : V (S t) / A (S t) - V (S t) / A (S (S t)) <= 1 - A (S t) / A (S (S t))).
    { replace (1 - A (S t) / A (S (S t))) with (A (S t) * (/ A (S t) - / A (S (S t)))) by (field; lra).
      replace (V (S t) / A (S t) - V (S t) / A (S (S t)))
          with (V (S t) * (/ A (S t) - / A (S (S t)))) by (unfold Rdiv; ring).
      apply Rmult_le_compat_r; [|auto].
      assert (Q : / A (S (S t)) <= / A (S t)); [|lra]. apply Rinv_le_contravar; [auto|].
      unfold AMSGradRate.A. apply Rplus_le_compat_l, Rmax_l. }
    unfold Rdiv in *. rewrite Rmult_minus_distr_r. lra.
Qed.

Local Lemma horizon_sum_in T : (0 < T)%nat ->
  sum T (fun t => x t / A (S t)) / INR T <= amsgrad_horizon_ratios (INR T) G eps beta2.
Proof.
  intros HT. pose proof (lt_0_INR T HT) as PT. pose proof (Rle_0_sqr G) as HG. set (w := 1 - beta2).
  assert (Pw : 0 < w) by (unfold w; lra). unfold amsgrad_horizon_ratios. fold w.
  apply Rmult_le_reg_r with (INR T); [auto|].
  replace (sum T (fun t => x t / A (S t)) / INR T * INR T) with (sum T (fun t => x t / A (S t))) by (field; lra).
  apply (Rmin_case _ _ (fun z => sum T (fun t => x t / A (S t)) <= z * INR T)).
  - replace ((1 + beta2 / (w * INR T) * (1 + log_range eps G)) * INR T)
      with (INR T + beta2 / w * (1 + log_range eps G)) by (field; lra).
    replace (sum T (fun t => x t / A (S t)))
        with (sum T (fun t => V (S t) / A (S t)) + beta2 / w * sum T (fun t => (V (S t) - V t) / A (S t))).
      2:{ rewrite <- sum_scal, <- sum_plus. apply sum_ext; intros t _. simpl v. pose proof (A_pos (S t)).
          unfold w in *. field; repeat split; lra. }
    apply Rplus_le_compat.
      * rewrite <- (Rmult_1_r (INR T)). apply sum_le_const. intros t _. destruct (V_below t).
        pose proof (A_pos (S t)) as P.
        apply Rmult_le_reg_r with (A (S t)); [auto|].
        replace (V (S t) / A (S t) * A (S t)) with (V (S t)) by (field; lra).
        lra.
      * apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]|].
        destruct T as [|T]; [lia|]. apply Rle_trans with (1 := increments T). destruct (V_below T) as [V0 V1].
        pose proof (A_pos (S T)) as P. destruct (A_up (S T)) as [U1 U2]. destruct (A_up 1) as [W1 _].
        assert (H1 : V (S T) / A (S T) <= 1).
        { apply Rmult_le_reg_r with (A (S T)); [auto|].
          replace (V (S T) / A (S T) * A (S T)) with (V (S T)) by (field; lra). lra. }
        pose proof (ln_le_mono _ _ P U2) as L1. pose proof (ln_le_mono _ _ eps_pos W1) as L2.
        unfold log_range. replace (1 + G² / eps) with ((eps + G²) / eps) by (field; lra). rewrite ln_quot by lra. lra.
  - rewrite (Rmult_comm (G² / eps)). apply sum_le_const. intros t _. destruct (A_up (S t)) as [U1 _].
    apply Rmult_le_compat; auto; [left; apply Rinv_0_lt_compat; lra | apply Rinv_le_contravar; lra].
Qed.
End RatioSum.

Theorem amsgrad_horizon_sum x G eps beta2 T :
  (forall t, 0 <= x t) -> (forall t, x t <= G²) -> 0 < eps -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  sum T (fun t => x t / A eps beta2 x (S t)) / INR T <= amsgrad_horizon_ratios (INR T) G eps beta2.
Proof. intros. apply horizon_sum_in; auto. Qed.

(* x_t, v_t and vmax_t. *)
Record state := { place : vec; moment : vec; peak : vec }.

Definition move_on (g : nat -> vec -> vec) (eps alpha beta2 N : R) (k : nat) (s : state) : state :=
  let v := fun i => beta2 * moment s i + (1 - beta2) * (g k (place s) i)² in
  let top := fun i => Rmax (peak s i) (v i) in
  {| place := fun i => place s i - alpha / sqrt N * g k (place s) i / sqrt (eps + top i); moment := v; peak := top |}.

Fixpoint amsgrad_fixed (g : nat -> vec -> vec) (eps alpha beta2 N : R) (x0 : vec) (h : hist) : state :=
  match h with
  | [] => {| place := x0; moment := fun _ => 0; peak := fun _ => 0 |}
  | k :: h => move_on g eps alpha beta2 N k (amsgrad_fixed g eps alpha beta2 N x0 h)
  end.

(* AMSGrad with the step size alpha/sqrt(N). *)
Definition amsgrad_fixed_point g eps alpha beta2 N x0 (h : hist) : vec := place (amsgrad_fixed g eps alpha beta2 N x0
    h).

Section AMSGradHorizon.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis H : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta2 : R) (x0 : vec) (T : nat).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis T_pos : (0 < T)%nat.

Let N := INR T.
Local Notation states := (amsgrad_fixed g eps alpha beta2 N x0).
Local Notation X := (amsgrad_fixed_point g eps alpha beta2 N x0).
Let m (h : hist) : vec := fun i => match h with [] => 0 | k :: h => g k (X h) i end.
Let known h i := eps + peak (states h) i.
Let b h : vec := fun i => N * known h i.
Let w := 1 - beta2.
Let mu := / sqrt (N * w).
Let cost := alpha * G / (2 * sqrt (N * w)).
Let Psi h := log_potential d F L g G alpha 0 mu X m b h - cost * sum d (fun i => ln (known h i)).

Local Lemma N_pos : 0 < N.
Proof. apply lt_0_INR, T_pos. Qed.
Local Lemma w_pos : 0 < w.
Proof. unfold w. lra. Qed.
Local Lemma Nw_pos : 0 < N * w.
Proof. apply Rmult_lt_0_compat; [apply N_pos | apply w_pos]. Qed.

Local Lemma moment_path h i : moment (states h) i = v beta2 (along (square g X i) h) (length h).
Proof. apply (v_along beta2 (square g X i) (fun h => moment (states h) i)); reflexivity. Qed.

Local Lemma peak_path h i : peak (states h) i = vmax beta2 (along (square g X i) h) (length h).
Proof.
  induction h as [|k h IH]; [reflexivity|]. change (length (k :: h)) with (S (length h)). cbn [vmax].
  change (peak (states (k :: h)) i) with (Rmax (peak (states h) i) (moment (states (k :: h)) i)).
  rewrite moment_path. change (length (k :: h)) with (S (length h)). f_equal.
  rewrite IH. apply vmax_ext; intros s Hs. symmetry. apply along_before; auto.
Qed.

Local Lemma squares_ok h i : valid n h -> (i < d)%nat -> forall t, 0 <= along (square g X i) h t <= G².
Proof.
  intros Hv Hi. apply along_between with (n := n); auto; [pose proof (Rle_0_sqr G); lra|].
  intros k h' Hk _. split; [apply Rle_0_sqr | apply (gsq_le H); auto].
Qed.

Local Lemma moments_nonneg h i : 0 <= moment (states h) i <= peak (states h) i.
Proof.
  induction h as [|k h [IH1 IH2]]; [simpl; lra|].
  pose proof (Rle_0_sqr (g k (X h) i)) as Hg.
  assert (0 <= beta2 * moment (states h) i) by (apply Rmult_le_pos; lra).
  assert (0 <= (1 - beta2) * (g k (X h) i)²) by (apply Rmult_le_pos; lra).
  split; [change (0 <= beta2 * moment (states h) i + (1 - beta2) * (g k (X h) i)²); lra | apply Rmax_r].
Qed.

Local Lemma known_pos h i : 0 < known h i.
Proof. unfold known. destruct (moments_nonneg h i). lra. Qed.

Local Lemma known_grows k h i : known h i <= known (k :: h) i.
Proof. unfold known. apply Rplus_le_compat_l, Rmax_l. Qed.

Local Lemma known_floor k h i : w * (g k (X h) i)² <= known (k :: h) i.
Proof.
  destruct (moments_nonneg h i) as [N1 _]. destruct (moments_nonneg (k :: h) i) as [_ N2].
  change (moment (states (k :: h)) i) with (beta2 * moment (states h) i + w * (g k (X h) i)²) in N2.
  assert (0 <= beta2 * moment (states h) i) by (apply Rmult_le_pos; lra). unfold known. lra.
Qed.

Local Lemma known_up h i : valid n h -> (i < d)%nat -> known h i <= eps + G².
Proof.
  intros Hv Hi. unfold known. rewrite peak_path. pose proof (squares_ok h i Hv Hi) as Hs.
  pose proof (vmax_between _ G beta2 (fun t => proj2 (Hs t)) beta2_01 (length h)). lra.
Qed.

Local Lemma is_adaptive : adaptive_method n T d g alpha 0 X m b.
Proof.
  pose proof N_pos as PN. constructor; auto; try lra.
  - intros k h i. unfold m. ring.
  - intros k h i. change (X (k :: h) i) with (X h i - alpha / sqrt N * g k (X h) i / sqrt (known (k :: h) i)).
    unfold b, m. pose proof (known_pos (k :: h) i) as PK. rewrite sqrt_mult by lra.
    pose proof (sqrt_lt_R0 _ PN). pose proof (sqrt_lt_R0 _ PK). field; lra.
  - intros i Hi. unfold b. apply Rmult_lt_0_compat; [auto | apply known_pos].
  - intros k h i _ _. unfold b. apply Rmult_le_compat_l; [lra | apply known_grows].
Qed.

Local Lemma floor k h i : within n T (k :: h) -> (i < d)%nat -> N * w * (g k (X h) i)² <= b (k :: h) i.
Proof.
  intros _ _. unfold b. rewrite Rmult_assoc. pose proof N_pos. apply Rmult_le_compat_l; [lra | apply known_floor].
Qed.

(* L1log for one coordinate, W = T w and a = T A_{t-1}. *)
Local Lemma decoupled h i : valid n h -> (i < d)%nat ->
  (gF (X h) i)² * / (radius eps G * sqrt N)
  <= Ex n p (fun k => gF (X h) i * g k (X h) i / sqrt (b (k :: h) i)
                      + G / (2 * sqrt (N * w)) * (ln (known (k :: h) i) - ln (known h i))).
Proof.
  intros Hv Hi. pose proof (p_pos H) as Pp. pose proof (p_one H) as P1. pose proof N_pos as PN. pose proof w_pos as W0.
  pose proof (known_pos h i) as PA. assert (HG : 0 <= G) by (apply (G_nonneg H); lia).
  assert (D := decoupling_half n p (fun k => b (k :: h) i) (N * known h i) (N * w) G Pp P1
    ltac:(apply Rmult_lt_0_compat; lra) Nw_pos (fun k _ => Rmult_le_compat_l N _ _ ltac:(lra) (known_grows k h i))
    (fun k => g k (X h) i) (fun k Hk => g_bnd H k (X h) i Hk Hi)).
  rewrite (g_unbiased H) in D by auto.
  assert (D' := D (fun k _ => eq_ind_r (fun z => z <= b (k :: h) i)
    (Rmult_le_compat_l N _ _ (Rlt_le _ _ PN) (known_floor k h i)) (Rmult_assoc N w _))). clear D.
  rewrite Ex_plus, Ex_scal.
  replace (Ex n p (fun k => ln (b (k :: h) i / (N * known h i))))
    with (Ex n p (fun k => ln (known (k :: h) i) - ln (known h i))) in D'.
  2:{ apply Ex_ext. intros k Hk. unfold b. pose proof (known_pos (k :: h) i).
      replace (N * known (k :: h) i / (N * known h i)) with (known (k :: h) i / known h i) by (field; lra).
      symmetry; apply ln_quot; auto. }
  apply Rle_trans with (2 := D'). apply Rmult_le_compat_l; [apply Rle_0_sqr|]. apply Rinv_le_contravar.
  - apply sqrt_lt_R0. apply Rlt_le_trans with (2 := Rmax_l _ _). apply Rmult_lt_0_compat; lra.
  - unfold radius. rewrite <- sqrt_mult_alt by (pose proof (Rle_0_sqr G); lra). apply sqrt_le_1_alt.
    rewrite (Rmult_comm (eps + G²)). apply Rmax_lub.
    + apply Rmult_le_compat_l; [lra | apply known_up; auto].
    + rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|]. pose proof (grad_bnd H (X h) i Hi) as Hg.
      assert (S : (gF (X h) i)² <= G²) by (apply Rsqr_le_abs_1; rewrite (Rabs_right G); lra).
      apply Rmult_le_compat_l with (r := w) in S; [|lra]. pose proof (Rle_0_sqr G).
      assert (w * G² <= 1 * G²) by (apply Rmult_le_compat_r; unfold w; lra). lra.
Qed.

Local Lemma mean_step h : valid n h -> (length h < T)%nat -> Ex n p (fun k => Psi (k :: h))
  <= Psi h - alpha * / (radius eps G * sqrt N) * sqn d (gF (X h)).
Proof.
  intros Hv Hl. pose proof (p_pos H) as Pp. pose proof (p_one H) as P1. pose proof (sqrt_lt_R0 _ Nw_pos) as Pw.
  assert (mu_below : forall h i, within n T h -> (i < d)%nat -> Rabs (m h i) <= mu * sqrt (b h i))
    by (apply (momentum_below n d g T alpha 0 (N * w) X m b is_adaptive Nw_pos floor)).
  apply Rle_trans with (Ex n p (fun k => Psi h - alpha * sum d (fun i => gF (X h) i * g k (X h) i / sqrt (b (k :: h) i)
                                   + G / (2 * sqrt (N * w)) * (ln (known (k :: h) i) - ln (known h i))))).
  { apply Ex_le; auto. intros k Hk.
    pose proof (log_path_step H mu is_adaptive mu_below k h ltac:(split; [constructor; auto | simpl; lia])) as S.
    unfold Psi. replace cost with (alpha * (G / (2 * sqrt (N * w)))) by (unfold cost; field; lra).
    rewrite sum_plus, sum_scal, sum_minus. lra. }
  rewrite Ex_minus, Ex_const, Ex_scal, Ex_sum by auto. apply Rplus_le_compat_l, Ropp_le_contravar.
  rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|]. unfold sqn. rewrite <- sum_scal. apply sum_le; intros i Hi.
  rewrite Rmult_comm. apply decoupled; auto.
Qed.

Local Lemma rate_in : mean_squared_gradient n p d gF X T
  <= amsgrad_horizon_right N (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof.
  pose proof (p_pos H) as Pp. pose proof (p_one H) as P1. pose proof (radius_pos eps G eps_pos) as PR.
  pose proof N_pos as PN. pose proof (sqrt_lt_R0 _ PN) as PsN. pose proof (sqrt_lt_R0 _ Nw_pos) as Pw.
  pose proof (potential_telescope n p Pp T Psi _ mean_step) as Fall.
  set (Lam := log_range eps G). set (Q := amsgrad_horizon_ratios N G eps beta2).
  set (B := F x0 - Fstar + INR d * (cost * Lam + alpha² * L / 2 * Q)).
  set (kappa := alpha * / (radius eps G * sqrt N)) in *.
  assert (Pk : 0 < kappa) by (apply Rmult_lt_0_compat; [auto | apply Rinv_0_lt_compat, Rmult_lt_0_compat; auto]).
  assert (E0 : growth_cost L G alpha 0 mu = 0) by (unfold growth_cost, momentum_ratio; field).
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
    { rewrite <- sum_scal. apply sum_le_const. intros i Hi. pose proof (Rle_0_sqr G) as HG2. apply Rmult_le_compat_l.
      - unfold cost. assert (HG : 0 <= G) by (apply (G_nonneg H); lia).
        apply Rmult_le_pos; [apply Rmult_le_pos; lra | left; apply Rinv_0_lt_compat; lra].
      - replace (Lam + ln eps) with (ln (eps + G²)); [apply ln_le_mono; [apply known_pos | apply known_up; auto]|].
        unfold Lam, log_range. replace (1 + G² / eps) with ((eps + G²) / eps) by (field; lra). rewrite ln_quot by lra.
        ring. }
    assert (S3 : sum d (fun i => path_sum (added_ratio g X b i) h) <= INR d * Q).
    { apply sum_le_const. intros i Hi. assert (EN : N = INR (length h)) by (unfold N; f_equal; lia).
      apply Rle_trans with (amsgrad_horizon_ratios (INR (length h)) G eps beta2); [|rewrite <- EN; right; reflexivity].
      pose proof (squares_ok h i Hv Hi) as Hs. unfold added_ratio. fold (square g X i).
      rewrite (path_sum_quotient (square g X i) _ (fun y t => N * A eps beta2 y t)).
      - apply Rle_trans with (sum (length h) (fun t => along (square g X i) h t
          / A eps beta2 (along (square g X i) h) (S t)) / INR (length h)).
        + right. unfold Rdiv at 2. rewrite Rmult_comm, <- sum_scal. apply sum_ext; intros t Ht.
          pose proof (AMSGradRate.A_pos _ G eps beta2 (fun t => proj2 (Hs t)) eps_pos beta2_01 (S t)).
          rewrite <- EN. field; lra.
        + apply amsgrad_horizon_sum; auto; try (intros t; apply Hs). lia.
      - intros y z t E. unfold A. rewrite (vmax_ext beta2 y z t E). reflexivity.
      - intros k h'. unfold b, known, A. do 2 f_equal. apply peak_path. }
    apply Rmult_le_compat_l with (r := alpha² * L / 2) in S3; [|pose proof (L_nonneg_of H); nonneg].
    unfold Psi. lra. }
  assert (HB : kappa * sum T (squared_gradient n p d gF X) <= B).
  { replace (kappa * sum T (squared_gradient n p d gF X))
      with (sum T (fun t => Exp n p t (fun h => kappa * sqn d (gF (X h))) [])).
    - unfold B. lra.
    - rewrite <- sum_scal. apply sum_ext; intros t _. rewrite Exp_scal. reflexivity. }
  unfold mean_squared_gradient. fold N. apply Rmult_le_reg_l with (kappa * N); [apply Rmult_lt_0_compat; auto|].
  replace (kappa * N * (/ N * sum T (squared_gradient n p d gF X))) with (kappa * sum T (squared_gradient n p d gF X))
    by (field; lra).
  apply Rle_trans with (1 := HB). right. unfold amsgrad_horizon_right. fold w Lam Q.
  assert (E : kappa * N * (radius eps G / (alpha * sqrt N)) = 1).
  { unfold kappa. rewrite <- (sqrt_sqrt N) at 2 by lra. field; lra. }
  rewrite <- Rmult_assoc, E, (Rmult_comm w N). unfold B, cost. field; lra.
Qed.
End AMSGradHorizon.

Theorem amsgrad_horizon_rate n p d F gF L Fstar g G eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (amsgrad_fixed_point g eps alpha beta2 (INR T) x0) T
  <= amsgrad_horizon_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof. intros. eapply rate_in; eauto. Qed.
