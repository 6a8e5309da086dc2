(* T5: AVGrad without momentum and with step alpha/sqrt(t),
       v_t = beta2 v_{t-1} + (1-beta2) g_t^2,   vbar_t = (v_1 + .. + v_t)/t,
       x_t = x_{t-1} - alpha/sqrt(t) g_t/sqrt(eps + vbar_t),
   has, for every pair (c, K) of L1 and K2 of L2 (d),
       (1/T) sum_t E|grad F(x_{t-1})|^2 <= (R/(c alpha sqrt T)) [D0 + d (K alpha G sqrt(w) + alpha^2 L/2) K2],
   and already sum_t E|grad F(x_{t-1})|^2/sqrt(t) is below sqrt(T) times this (T5w).
   TX: where F is smooth by coordinate, the same with N = sum_i N_i in the place of d L. *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Expectation Smoothness Setting Decoupling DecreasingWeights.
From Mada Require Import AVGradWeights AVGradRatioSum Paths DecoupledRate.
Import ListNotations.
Local Open Scope R_scope.

(* The point x_t, v_t, and t vbar_t. *)
Record state := { point : vec; moment : vec; total : vec }.

Definition step (g : nat -> vec -> vec) (eps alpha beta2 : R) (t k : nat) (z : state) : state :=
  let v' := fun i => beta2 * moment z i + (1 - beta2) * (g k (point z) i)² in
  let s' := fun i => total z i + v' i in
  {| point := fun i => point z i - alpha / sqrt (INR t) * g k (point z) i / sqrt (eps + s' i / INR t);
     moment := v'; total := s' |}.

Fixpoint avgrad (g : nat -> vec -> vec) (eps alpha beta2 : R) (x0 : vec) (h : hist) : state :=
  match h with
  | [] => {| point := x0; moment := fun _ => 0; total := fun _ => 0 |}
  | k :: h => step g eps alpha beta2 (S (length h)) k (avgrad g eps alpha beta2 x0 h)
  end.

Definition avgrad_point g eps alpha beta2 x0 (h : hist) : vec := point (avgrad g eps alpha beta2 x0 h).

Definition avgrad_weighted_right_by_coordinate (c K T d D0 N G eps alpha beta2 : R) : R :=
  radius eps G / (c * alpha)
    * (D0 + (d * (K * alpha * G * sqrt (1 - beta2)) + alpha² * N / 2) * K2_avgrad T G eps beta2).
Definition avgrad_right_by_coordinate (c K T d D0 N G eps alpha beta2 : R) : R :=
  avgrad_weighted_right_by_coordinate c K T d D0 N G eps alpha beta2 / sqrt T.
Definition avgrad_weighted_right (c K T d D0 L G eps alpha beta2 : R) : R :=
  radius eps G / (c * alpha) * (D0 + d * (K * alpha * G * sqrt (1 - beta2) + alpha² * L / 2) * K2_avgrad T G eps beta2).
Definition avgrad_right (c K T d D0 L G eps alpha beta2 : R) : R :=
  avgrad_weighted_right c K T d D0 L G eps alpha beta2 / sqrt T.

Section AVGrad.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variable N : vec.
Hypothesis curved : smooth_by_coordinate d F gF N.
Variables (eps alpha beta2 : R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 <= beta2 < 1.

Let X := avgrad_point g eps alpha beta2 x0.
Let V i h := moment (avgrad g eps alpha beta2 x0 h) i.
Let U i h := total (avgrad g eps alpha beta2 x0 h) i.
Let sq := square g X.
Let a h i := INR (S (length h)) * eps + U i h + beta2 * V i h.
Let W (h : hist) (i : nat) := 1 - beta2.

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

(* x' = x - alpha g/sqrt(b) with b = a + w g^2 = t (eps + vbar_t) *)
Local Lemma denominator h i k : a h i + W h i * sq i k h = INR (S (length h)) * eps + U i (k :: h).
Proof.
  change (U i (k :: h)) with (U i h + (beta2 * V i h + (1 - beta2) * (g k (X h) i)²)).
  unfold a, W, sq, square. ring.
Qed.

Local Lemma moves k h : X (k :: h) = fun i => X h i + - alpha * g k (X h) i / sqrt (a h i + W h i * sq i k h).
Proof.
  apply functional_extensionality; intros i. rewrite denominator.
  change (X (k :: h) i) with (X h i - alpha / sqrt (INR (S (length h))) * g k (X h) i
                               / sqrt (eps + U i (k :: h) / INR (S (length h)))).
  pose proof (INR_S_pos (length h)) as Ht. set (t := INR (S (length h))) in *.
  assert (HU : 0 <= U i (k :: h)).
  { rewrite U_path. apply tvbar_nonneg; [|lra]. intros s. apply (along_nonneg (sq i)). intros; apply Rle_0_sqr. }
  assert (HD : 0 < eps + U i (k :: h) / t).
  { assert (0 <= U i (k :: h) / t); [|lra]. apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; auto]. }
  replace (t * eps + U i (k :: h)) with (t * (eps + U i (k :: h) / t)) by (field; lra).
  rewrite sqrt_mult by lra. pose proof (sqrt_lt_R0 _ Ht). pose proof (sqrt_lt_R0 _ HD). field; lra.
Qed.

Local Lemma ratios i h : valid n h -> (i < d)%nat ->
  path_sum (ratio g X a W i) h <= K2_avgrad (INR (length h)) G eps beta2.
Proof.
  intros Hv Hi. pose proof (sq_between i h Hv Hi) as H. unfold ratio.
  rewrite (path_sum_quotient (sq i) _ (fun x t => B x eps beta2 t)).
  - apply avgrad_ratio_sum_least; auto; intros t; apply H.
  - intros x y t E. unfold B. rewrite (tvbar_ext beta2 x y t E). reflexivity.
  - intros k h'. unfold B. fold (sq i k h'). rewrite denominator, U_path. reflexivity.
Qed.

Variables (c K : R).
Hypothesis c_pos : 0 < c.
Hypothesis K_nonneg : 0 <= K.
Hypothesis L1 : decoupling c K.

Theorem avgrad_weighted_rate_by_coordinate T : weighted_squared_gradient n p d gF X T
  <= avgrad_weighted_right_by_coordinate c K (INR T) (INR d) (F x0 - Fstar) (sum d N) G eps alpha beta2.
Proof.
  set (K2 := K2_avgrad (INR T) G eps beta2). pose proof (radius_pos eps G eps_pos) as PR.
  assert (H : alpha * c * sum T (fun t => squared_gradient n p d gF X t / sqrt (INR (S t) * (eps + G²)))
    <= F (X []) - Fstar + (INR d * (K * alpha * G * (sqrt (1 - beta2) * K2)) + alpha² / 2 * (sum d N * K2))).
  { apply (decoupled_rate_bounded_by_coordinate n p d F gF L Fstar g G A N curved c K c_pos K_nonneg L1 alpha X a W
      (fun t => INR t * (eps + G²)) alpha_pos moves).
    - intros h i Hv Hi. destruct (state_bounds i h Hv Hi). pose proof (INR_S_pos (length h)). unfold a. nra.
    - intros. unfold W. lra.
    - intros h i Hv Hi. destruct (state_bounds i h Hv Hi). unfold a, W. rewrite S_INR. nra.
    - intros h i Hv Hl Hi. unfold weighted_ratio, W.
      rewrite (path_sum_scal (sqrt (1 - beta2)) (ratio g X a (fun _ _ => 1 - beta2) i)).
      apply Rmult_le_compat_l; [apply sqrt_pos|]. subst T. apply ratios; auto.
    - intros h i Hv Hl Hi. subst T. apply ratios; auto. }
  rewrite weights_of_radius in H by auto. unfold avgrad_weighted_right_by_coordinate. fold K2.
  apply Rmult_le_reg_l with (alpha * c / radius eps G); [apply Rdiv_lt_0_compat; nra|].
  apply Rle_trans with (alpha * c * (weighted_squared_gradient n p d gF X T / radius eps G)); [right; field; lra|].
  apply Rle_trans with (1 := H). right. change (X []) with x0. field; lra.
Qed.

Theorem avgrad_rate_by_coordinate T : (0 < T)%nat -> mean_squared_gradient n p d gF X T
  <= avgrad_right_by_coordinate c K (INR T) (INR d) (F x0 - Fstar) (sum d N) G eps alpha beta2.
Proof. intros HT. apply (mean_from_weighted A); auto. apply avgrad_weighted_rate_by_coordinate. Qed.
End AVGrad.

Theorem avgrad_rate_by_coordinate_sharp n p d F gF L Fstar g G N eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> smooth_by_coordinate d F gF N ->
  0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (avgrad_point g eps alpha beta2 x0) T
  <= avgrad_right_by_coordinate 1 (2 / 5) (INR T) (INR d) (F x0 - Fstar) (sum d N) G eps alpha beta2.
Proof. intros. eapply avgrad_rate_by_coordinate; eauto; try lra. apply decoupling_sharp. Qed.

Theorem avgrad_weighted_rate n p d F gF L Fstar g G eps alpha beta2 x0 c K T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 ->
  0 < c -> 0 <= K -> decoupling c K ->
  weighted_squared_gradient n p d gF (avgrad_point g eps alpha beta2 x0) T
  <= avgrad_weighted_right c K (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof.
  intros A E P B C KK L1.
  apply Rle_trans with (1 := avgrad_weighted_rate_by_coordinate n p d F gF L Fstar g G A _
    (smooth_in_every_coordinate d F gF L (F_smooth A)) eps alpha beta2 x0 E P B c K C KK L1 T).
  right. unfold avgrad_weighted_right, avgrad_weighted_right_by_coordinate. rewrite sum_const. field. lra.
Qed.

Theorem avgrad_rate n p d F gF L Fstar g G eps alpha beta2 x0 c K T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 ->
  0 < c -> 0 <= K -> decoupling c K -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (avgrad_point g eps alpha beta2 x0) T
  <= avgrad_right c K (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof. intros A. intros. apply (mean_from_weighted A); auto. apply avgrad_weighted_rate; auto. Qed.

(* With the constants (1, 2/5) and with the published ones (1/2, 2). *)
Theorem avgrad_rate_sharp n p d F gF L Fstar g G eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (avgrad_point g eps alpha beta2 x0) T
  <= avgrad_right 1 (2 / 5) (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof. intros. eapply avgrad_rate; eauto; try lra. apply decoupling_sharp. Qed.

Theorem avgrad_weighted_rate_sharp n p d F gF L Fstar g G eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 ->
  weighted_squared_gradient n p d gF (avgrad_point g eps alpha beta2 x0) T
  <= avgrad_weighted_right 1 (2 / 5) (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof. intros. eapply avgrad_weighted_rate; eauto; try lra. apply decoupling_sharp. Qed.

Theorem avgrad_rate_published_constants n p d F gF L Fstar g G eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (avgrad_point g eps alpha beta2 x0) T
  <= avgrad_right (1 / 2) 2 (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof. intros. eapply avgrad_rate; eauto; try lra. apply decoupling_published. Qed.
