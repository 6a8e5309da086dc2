(* T5c for AVGrad: a known horizon T, alpha_t = alpha/sqrt(T), no momentum, S1 and S2 of AVGradHorizonSums, w = 1-beta2:
       (1/T) sum_t E|grad F(x_{t-1})|^2 <= (R/(alpha sqrt T)) [ D0 + d ((2/5) alpha G sqrt(w) S1 + (alpha^2 L/2) S2) ].
   The shared proof without momentum with b_t = T (eps + vbar_t) = a_t + (T w/t) g_t^2 <= T R^2. *)
From Coq Require Import Reals Lra Lia List FunctionalExtensionality.
From Mada Require Import Sums Expectation Setting Decoupling DecreasingWeights AVGradWeights AVGradRatioSum Paths.
From Mada Require Import DecoupledRate AVGradHorizonIncrements AVGradHorizonSums.
Import ListNotations.
Local Open Scope R_scope.

(* x_t, v_t and t vbar_t. *)
Record horizon_state := { spot : vec; moment2 : vec; running : vec }.

Definition horizon_step (g : nat -> vec -> vec) (eps alpha beta2 N : R) (t k : nat) (s : horizon_state) :
    horizon_state :=
  let v := fun i => beta2 * moment2 s i + (1 - beta2) * (g k (spot s) i)² in
  let total := fun i => running s i + v i in
  {| spot := fun i => spot s i - alpha / sqrt N * g k (spot s) i / sqrt (eps + total i / INR t);
     moment2 := v; running := total |}.

Fixpoint avgrad_fixed (g : nat -> vec -> vec) (eps alpha beta2 N : R) (x0 : vec) (h : hist) : horizon_state :=
  match h with
  | [] => {| spot := x0; moment2 := fun _ => 0; running := fun _ => 0 |}
  | k :: h => horizon_step g eps alpha beta2 N (S (length h)) k (avgrad_fixed g eps alpha beta2 N x0 h)
  end.

(* AVGrad with the step size alpha/sqrt(N). *)
Definition avgrad_fixed_point g eps alpha beta2 N x0 (h : hist) : vec := spot (avgrad_fixed g eps alpha beta2 N x0 h).

Definition avgrad_horizon_right (T d D0 L G eps alpha beta2 : R) : R :=
  radius eps G / (alpha * sqrt T) * (D0 + 2 / 5 * alpha * G * (d * (sqrt (1 - beta2) * S1 T G eps beta2))
    + alpha² * L / 2 * (d * S2 T G eps beta2)).

Section AVGradHorizon.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta2 : R) (x0 : vec) (T : nat).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis T_pos : (0 < T)%nat.

Let N := INR T.
Local Notation X := (avgrad_fixed_point g eps alpha beta2 N x0).
Let V i h := moment2 (avgrad_fixed g eps alpha beta2 N x0 h) i.
Let U i h := running (avgrad_fixed g eps alpha beta2 N x0 h) i.
Let sq := square g X.
Let w := 1 - beta2.
Let time (h : hist) := INR (S (length h)).
Let a h i := N / time h * (time h * eps + U i h + beta2 * V i h).
Let W (h : hist) (i : nat) := N / time h * w.

Local Lemma N_pos : 0 < N.
Proof. apply lt_0_INR, T_pos. Qed.

Local Lemma time_pos h : 0 < time h.
Proof. apply INR_S_pos. Qed.

Local Lemma V_path i h : V i h = v beta2 (along (sq i) h) (length h).
Proof. apply v_along; reflexivity. Qed.

Local Lemma U_path i h : U i h = tvbar beta2 (along (sq i) h) (length h).
Proof. apply tvbar_along with (V := V i); reflexivity. Qed.

Local Lemma sq_between i h : valid n h -> (i < d)%nat -> forall t, 0 <= along (sq i) h t <= G².
Proof.
  intros Hv Hi. apply along_between with (n := n); auto.
  - pose proof (Rle_0_sqr G). lra.
  - intros k h' Hk _. split; [apply Rle_0_sqr | apply (gsq_le A); auto].
Qed.

Local Lemma state_bounds i h : valid n h -> (i < d)%nat -> 0 <= V i h <= G² /\ 0 <= U i h <= INR (length h) * G².
Proof.
  intros Hv Hi. pose proof (sq_between i h Hv Hi) as H. rewrite V_path, U_path. repeat split.
  - apply v_nonneg; [lra | apply H].
  - apply v_up; [lra | apply Rle_0_sqr | apply H].
  - apply tvbar_nonneg; [apply H | lra].
  - apply Rle_trans with (1 := avgrad_largest_weight beta2 _ _ ltac:(lra) ltac:(apply H)).
    apply sum_le_const. intros t _. apply H.
Qed.

Local Lemma denominator h i k : a h i + W h i * sq i k h = N / time h * (time h * eps + U i (k :: h)).
Proof.
  change (U i (k :: h)) with (U i h + (beta2 * V i h + w * sq i k h)). unfold a, W. ring.
Qed.

Local Lemma moves k h : X (k :: h) = fun i => X h i + - alpha * g k (X h) i / sqrt (a h i + W h i * sq i k h).
Proof.
  apply functional_extensionality; intros i. rewrite denominator.
  change (X (k :: h) i) with (X h i - alpha / sqrt N * g k (X h) i / sqrt (eps + U i (k :: h) / time h)).
  pose proof (time_pos h) as Ht. pose proof N_pos as PN.
  assert (HU : 0 <= U i (k :: h)).
  { rewrite U_path. apply tvbar_nonneg; [|lra]. intros s. apply (along_nonneg (sq i)). intros; apply Rle_0_sqr. }
  assert (HD : 0 < eps + U i (k :: h) / time h).
  { assert (0 <= U i (k :: h) / time h); [|lra]. apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; auto]. }
  replace (N / time h * (time h * eps + U i (k :: h))) with (N * (eps + U i (k :: h) / time h)) by (field; lra).
  rewrite sqrt_mult by lra. pose proof (sqrt_lt_R0 _ PN). pose proof (sqrt_lt_R0 _ HD). field; lra.
Qed.

Local Lemma B_path i k h : time h * eps + U i (k :: h) = B (along (sq i) (k :: h)) eps beta2 (S (length h)).
Proof. unfold B, time. rewrite U_path. reflexivity. Qed.

Local Lemma B_pos_path i k h : 0 < B (along (sq i) (k :: h)) eps beta2 (S (length h)).
Proof. apply AVGradHorizonIncrements.Bt_pos; auto. intros t. apply (along_nonneg (sq i)). intros; apply Rle_0_sqr. Qed.

(* sum (t/T) g_t^2/B_t *)
Local Lemma second_sum i h : valid n h -> length h = T -> (i < d)%nat ->
  path_sum (ratio g X a W i) h <= S2 N G eps beta2.
Proof.
  intros Hv Hl Hi. pose proof (sq_between i h Hv Hi) as H. pose proof N_pos as PN. unfold ratio.
  rewrite (path_sum_quotient (sq i) _ (fun x t => N / INR t * B x eps beta2 t)).
  - rewrite Hl. unfold N. apply Rle_trans with (2 := avgrad_horizon_sum (along (sq i) h) G eps beta2 T
      (fun t => proj1 (H t)) (fun t => proj2 (H t)) eps_pos beta2_01 T_pos).
    right. apply sum_ext; intros t _. fold N. pose proof (INR_S_pos t).
    pose proof (AVGradHorizonIncrements.Bt_pos _ eps beta2 (fun t => proj1 (H t)) eps_pos beta2_01 t). field; lra.
  - intros x y t E. unfold B. rewrite (tvbar_ext beta2 x y t E). reflexivity.
  - intros k h'. fold (sq i k h'). rewrite denominator, B_path. reflexivity.
Qed.

(* sqrt(w) sum sqrt(t/T) g_t^2/B_t *)
Local Lemma first_sum i h : valid n h -> length h = T -> (i < d)%nat ->
  path_sum (weighted_ratio g X a W i) h <= sqrt w * S1 N G eps beta2.
Proof.
  intros Hv Hl Hi. pose proof (sq_between i h Hv Hi) as H. pose proof N_pos as PN.
  assert (Pw : 0 < sqrt w) by (apply sqrt_lt_R0; unfold w; lra).
  assert (R : forall t, 0 < t -> sqrt (N / t * w) * (t / N) = sqrt w * sqrt (t / N)).
  { intros t Ht. pose proof (sqrt_lt_R0 _ PN) as PsN. pose proof (sqrt_lt_R0 _ Ht) as Pst.
    rewrite sqrt_mult_alt by (left; apply Rdiv_lt_0_compat; auto). rewrite !sqrt_div_alt by auto.
    rewrite <- (sqrt_sqrt N) at 2 by lra. rewrite <- (sqrt_sqrt t) at 2 by lra. field; lra. }
  apply Rle_trans with (path_sum (fun k h => sq i k h
    / (B (along (sq i) (k :: h)) eps beta2 (S (length h)) / (sqrt w * sqrt (time h / N)))) h).
  { apply path_sum_le with (n := n); auto. intros k h' _ _. right. unfold weighted_ratio, ratio. fold (sq i k h').
    rewrite denominator, B_path. pose proof (B_pos_path i k h') as PB. pose proof (time_pos h') as Pt.
    pose proof (sqrt_lt_R0 _ (Rdiv_lt_0_compat _ _ Pt PN)) as Pr. unfold W.
    replace (sqrt (N / time h' * w) * (sq i k h' / (N / time h' * B (along (sq i) (k :: h')) eps beta2 (S (length
        h')))))
      with (sqrt (N / time h' * w) * (time h' / N) * (sq i k h' / B (along (sq i) (k :: h')) eps beta2 (S (length h'))))
      by (field; lra).
    rewrite R by auto. field; lra. }
  rewrite (path_sum_quotient (sq i) _ (fun x t => B x eps beta2 t / (sqrt w * sqrt (INR t / N)))).
  - rewrite Hl. apply Rle_trans with (sqrt w * sum T (fun t => sqrt (INR (S t) / N) * (along (sq i) h t
        / B (along (sq i) h) eps beta2 (S t)))).
    + right. rewrite <- sum_scal. apply sum_ext; intros t _. pose proof (INR_S_pos t) as I.
      pose proof (AVGradHorizonIncrements.Bt_pos _ eps beta2 (fun t => proj1 (H t)) eps_pos beta2_01 t).
      pose proof (sqrt_lt_R0 _ (Rdiv_lt_0_compat _ _ I PN)). field; lra.
    + apply Rmult_le_compat_l; [lra|]. apply (avgrad_horizon_sum_root (along (sq i) h) G eps beta2 T); auto; apply H.
  - intros x y t E. unfold B. rewrite (tvbar_ext beta2 x y t E). reflexivity.
  - intros k h'. reflexivity.
Qed.

Local Lemma rate_in : mean_squared_gradient n p d gF X T
  <= avgrad_horizon_right N (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof.
  pose proof (radius_pos eps G eps_pos) as PR. pose proof N_pos as PN. pose proof (sqrt_lt_R0 _ PN) as PsN.
  pose proof (Rle_0_sqr G) as HG.
  assert (H : alpha * 1 * sum T (fun t => squared_gradient n p d gF X t / sqrt (N * (eps + G²)))
    <= F (X []) - Fstar + INR d * (2 / 5 * alpha * G * (sqrt w * S1 N G eps beta2)
        + alpha² * L / 2 * S2 N G eps beta2)).
  { apply (decoupled_rate_bounded n p d F gF L Fstar g G A 1 (2 / 5) ltac:(lra) ltac:(lra) decoupling_sharp alpha X a W
      (fun _ => N * (eps + G²)) alpha_pos moves).
    - intros h i Hv Hi. destruct (state_bounds i h Hv Hi) as [V0 U0]. pose proof (time_pos h) as Ht. unfold a.
      apply Rmult_lt_0_compat; [apply Rdiv_lt_0_compat; auto|].
      pose proof (Rmult_lt_0_compat _ _ Ht eps_pos). assert (0 <= beta2 * V i h) by (apply Rmult_le_pos; lra). lra.
    - intros h i _ _. unfold W. apply Rmult_lt_0_compat; [apply Rdiv_lt_0_compat; auto using time_pos | unfold w; lra].
    - intros h i Hv Hi. cbv beta. destruct (state_bounds i h Hv Hi) as [V0 U0]. pose proof (time_pos h) as Ht.
      unfold a, W.
      replace (N / time h * (time h * eps + U i h + beta2 * V i h) + N / time h * w * G²)
        with (N / time h * (time h * eps + U i h + beta2 * V i h + w * G²)) by ring.
      replace (N * (eps + G²)) with (N / time h * (time h * (eps + G²))) by (field; lra).
      apply Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; auto|].
      assert (E : time h = INR (length h) + 1) by (unfold time; apply S_INR).
      destruct V0 as [_ V0]. apply Rmult_le_compat_l with (r := beta2) in V0; [|lra]. rewrite E. unfold w. lra.
    - intros h i Hv Hl Hi. apply first_sum; auto.
    - intros h i Hv Hl Hi. apply second_sum; auto. }
  assert (E : sum T (fun t => squared_gradient n p d gF X t / sqrt (N * (eps + G²)))
              = sum T (squared_gradient n p d gF X) / (sqrt N * radius eps G)).
  { transitivity (/ (sqrt N * radius eps G) * sum T (squared_gradient n p d gF X)); [|field; lra].
    rewrite <- sum_scal. apply sum_ext; intros t _. rewrite sqrt_mult by lra. fold (radius eps G). field; lra. }
  rewrite E in H. unfold mean_squared_gradient. fold N. change (X []) with x0 in H.
  set (S := sum T (squared_gradient n p d gF X)) in *.
  apply Rmult_le_reg_l with (alpha * sqrt N / radius eps G); [apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat|];
      auto|].
  replace (alpha * sqrt N / radius eps G * (/ N * S)) with (alpha * 1 * (S / (sqrt N * radius eps G))).
  2:{ rewrite <- (sqrt_sqrt N) at 3 by lra. field; lra. }
  apply Rle_trans with (1 := H). right. unfold avgrad_horizon_right. fold w. field; lra.
Qed.
End AVGradHorizon.

Theorem avgrad_horizon_rate n p d F gF L Fstar g G eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (avgrad_fixed_point g eps alpha beta2 (INR T) x0) T
  <= avgrad_horizon_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof. intros. eapply rate_in; eauto. Qed.
