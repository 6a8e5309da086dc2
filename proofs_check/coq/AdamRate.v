(* TA: Adam without momentum and without bias correction, constant step alpha,
       v_t = beta2 v_{t-1} + (1-beta2) g_t^2,  x_t = x_{t-1} - alpha g_t/sqrt(eps + v_t):
   (1/T) sum_t E|grad F(x_{t-1})|^2
     <= (R/c) [D0/(alpha T) + (K G sqrt(w) + alpha L/2)(d/w)( ln(1+G^2/eps)/T - (1 - 1/T) ln beta2 )],
   w = 1 - beta2. TX: where F is smooth by coordinate, the same with N = sum_i N_i in the place of d L. *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Logarithm RatioSums Expectation Smoothness Setting.
From Mada Require Import Decoupling DecreasingWeights AVGradWeights Paths DecoupledRate.
Import ListNotations.
Local Open Scope R_scope.

(* The point, and v_t. *)
Fixpoint adam (g : nat -> vec -> vec) (eps alpha beta2 : R) (x0 : vec) (h : hist) : vec * vec :=
  match h with
  | [] => (x0, fun _ => 0)
  | k :: h =>
    let z := adam g eps alpha beta2 x0 h in
    let v' := fun i => beta2 * snd z i + (1 - beta2) * (g k (fst z) i)² in
    (fun i => fst z i - alpha * g k (fst z) i / sqrt (eps + v' i), v')
  end.

Definition adam_point g eps alpha beta2 x0 (h : hist) : vec := fst (adam g eps alpha beta2 x0 h).

Definition adam_right_by_coordinate (c K T d D0 N G eps alpha beta2 : R) : R :=
  radius eps G / c * (D0 / (alpha * T)
    + (d * (K * G * sqrt (1 - beta2)) + alpha * N / 2) / (1 - beta2)
      * (ln (1 + G² / eps) / T - (1 - 1 / T) * ln beta2)).
Definition adam_right (c K T d D0 L G eps alpha beta2 : R) : R :=
  adam_right_by_coordinate c K T d D0 (d * L) G eps alpha beta2.

(* w v is what L2 (b) calls a discounted sum. *)
Lemma v_discounted beta2 x t : v beta2 x t = (1 - beta2) * discounted beta2 x t.
Proof. induction t as [|t IH]; simpl; [ring|]. rewrite IH. ring. Qed.

Lemma discounted_scal beta c x t : discounted beta (fun t => c * x t) t = c * discounted beta x t.
Proof. induction t as [|t IH]; simpl; [ring|]. rewrite IH. ring. Qed.

(* sum x_t/(eps + v_t) <= (ln(1 + M/eps) - (T-1) ln beta2)/w for 0 <= x_t <= M *)
Lemma adam_ratio_sum T x M eps beta2 : (0 < T)%nat -> 0 < eps -> 0 < beta2 < 1 -> (forall t, 0 <= x t <= M) ->
  sum T (fun t => x t / (eps + v beta2 x (S t))) <= (ln (1 + M / eps) - (INR T - 1) * ln beta2) / (1 - beta2).
Proof.
  intros HT He Hb Hx. assert (Hx0 : forall t, 0 <= (1 - beta2) * x t) by (intros t; destruct (Hx t); nra).
  pose proof (discounted_ratio_sum T (fun t => (1 - beta2) * x t) eps beta2 HT He Hb Hx0) as H.
  rewrite discounted_scal, <- v_discounted in H.
  assert (HM : 0 <= M) by (destruct (Hx O); lra). assert (Hi : 0 < / eps) by (apply Rinv_0_lt_compat; auto).
  assert (ln (1 + v beta2 x T / eps) <= ln (1 + M / eps)).
  { assert (P : 0 <= v beta2 x T) by (apply v_nonneg; [lra | apply Hx]).
    apply ln_le_mono; unfold Rdiv; [nra|]. apply Rplus_le_compat_l, Rmult_le_compat_r; [lra|].
    apply v_up; [lra | auto | apply Hx]. }
  apply Rmult_le_reg_l with (1 - beta2); [lra|].
  replace ((1 - beta2) * ((ln (1 + M / eps) - (INR T - 1) * ln beta2) / (1 - beta2)))
    with (ln (1 + M / eps) - (INR T - 1) * ln beta2) by (field; lra).
  apply Rle_trans with (2 := Rplus_le_compat_r _ _ _ H0). apply Rle_trans with (2 := H). right.
  rewrite <- sum_scal. apply sum_ext; intros t _. rewrite discounted_scal, <- v_discounted. unfold Rdiv. ring.
Qed.

Section Adam.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variable N : vec.
Hypothesis curved : smooth_by_coordinate d F gF N.
Variables (eps alpha beta2 : R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 < beta2 < 1.
Variables (c K : R).
Hypothesis c_pos : 0 < c.
Hypothesis K_nonneg : 0 <= K.
Hypothesis L1 : decoupling c K.

Let X := adam_point g eps alpha beta2 x0.
Let V i h := snd (adam g eps alpha beta2 x0 h) i.
Let sq := square g X.
Let a h i := eps + beta2 * V i h.
Let W (h : hist) (i : nat) := 1 - beta2.

Local Lemma V_path i h : V i h = v beta2 (along (sq i) h) (length h).
Proof. apply v_along; reflexivity. Qed.

Local Lemma sq_between i h : valid n h -> (i < d)%nat -> forall t, 0 <= along (sq i) h t <= G².
Proof.
  intros Hv Hi. apply along_between with (n := n); auto.
  - pose proof (Rle_0_sqr G). lra.
  - intros k h' Hk _. split; [apply Rle_0_sqr | apply (gsq_le A); auto].
Qed.

Local Lemma V_bounds i h : valid n h -> (i < d)%nat -> 0 <= V i h <= G².
Proof.
  intros Hv Hi. pose proof (sq_between i h Hv Hi) as H. rewrite V_path. split.
  - apply v_nonneg; [lra | apply H].
  - apply v_up; [lra | apply Rle_0_sqr | apply H].
Qed.

Local Lemma denominator h i k : a h i + W h i * sq i k h = eps + V i (k :: h).
Proof.
  change (V i (k :: h)) with (beta2 * V i h + (1 - beta2) * (g k (X h) i)²). unfold a, W, sq, square. ring.
Qed.

Let K2 (T : nat) := (ln (1 + G² / eps) - (INR T - 1) * ln beta2) / (1 - beta2).

Local Lemma ratios i h : valid n h -> (i < d)%nat -> (0 < length h)%nat ->
  path_sum (ratio g X a W i) h <= K2 (length h).
Proof.
  intros Hv Hi HT. unfold ratio. rewrite (path_sum_quotient (sq i) _ (fun x t => eps + v beta2 x t)).
  - apply adam_ratio_sum; auto. apply sq_between; auto.
  - intros x y t E. rewrite (v_ext beta2 x y t E). reflexivity.
  - intros k h'. fold (sq i k h'). rewrite denominator, V_path. reflexivity.
Qed.

Theorem adam_constant_step_rate_by_coordinate T : (0 < T)%nat -> mean_squared_gradient n p d gF X T
  <= adam_right_by_coordinate c K (INR T) (INR d) (F x0 - Fstar) (sum d N) G eps alpha beta2.
Proof.
  intros HT. pose proof (radius_pos eps G eps_pos) as PR. assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  assert (H : alpha * c * sum T (fun t => squared_gradient n p d gF X t / sqrt (eps + G²))
    <= F (X []) - Fstar + (INR d * (K * alpha * G * (sqrt (1 - beta2) * K2 T)) + alpha² / 2 * (sum d N * K2 T))).
  { apply (decoupled_rate_bounded_by_coordinate n p d F gF L Fstar g G A N curved c K c_pos K_nonneg L1 alpha X a W
      (fun _ => eps + G²) alpha_pos).
    - intros k h. apply functional_extensionality; intros i. fold (sq i k h). rewrite denominator.
      change (X (k :: h) i) with (X h i - alpha * g k (X h) i / sqrt (eps + V i (k :: h))). unfold Rdiv. ring.
    - intros h i Hv Hi. destruct (V_bounds i h Hv Hi). unfold a. nra.
    - intros. unfold W. lra.
    - intros h i Hv Hi. destruct (V_bounds i h Hv Hi). unfold a, W. nra.
    - intros h i Hv Hl Hi. unfold weighted_ratio, W.
      rewrite (path_sum_scal (sqrt (1 - beta2)) (ratio g X a (fun _ _ => 1 - beta2) i)).
      apply Rmult_le_compat_l; [apply sqrt_pos|]. subst T. apply ratios; auto.
    - intros h i Hv Hl Hi. subst T. apply ratios; auto. }
  fold (radius eps G) in H. set (R1 := radius eps G) in *.
  replace (sum T (fun t => squared_gradient n p d gF X t / R1)) with (sum T (squared_gradient n p d gF X) / R1) in H
    by (unfold Rdiv at 1; rewrite Rmult_comm, <- sum_scal; apply sum_ext; intros; unfold Rdiv; ring).
  unfold mean_squared_gradient, adam_right_by_coordinate. fold R1.
  apply Rmult_le_reg_l with (alpha * c / R1 * INR T).
  { apply Rmult_lt_0_compat; [apply Rdiv_lt_0_compat; nra | auto]. }
  apply Rle_trans with (alpha * c * (sum T (squared_gradient n p d gF X) / R1)); [right; field; lra|].
  apply Rle_trans with (1 := H). right. change (X []) with x0. unfold K2, Rsqr. field. lra.
Qed.
End Adam.

Theorem adam_constant_step_rate_by_coordinate_sharp n p d F gF L Fstar g G N eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> smooth_by_coordinate d F gF N ->
  0 < eps -> 0 < alpha -> 0 < beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (adam_point g eps alpha beta2 x0) T
  <= adam_right_by_coordinate 1 (2 / 5) (INR T) (INR d) (F x0 - Fstar) (sum d N) G eps alpha beta2.
Proof. intros. eapply adam_constant_step_rate_by_coordinate; eauto; try lra. apply decoupling_sharp. Qed.

Theorem adam_constant_step_rate n p d F gF L Fstar g G eps alpha beta2 x0 c K T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 < beta2 < 1 ->
  0 < c -> 0 <= K -> decoupling c K -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (adam_point g eps alpha beta2 x0) T
  <= adam_right c K (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof.
  intros A. intros. unfold adam_right. rewrite <- sum_const.
  eapply adam_constant_step_rate_by_coordinate; eauto using smooth_in_every_coordinate, (F_smooth A).
Qed.

Theorem adam_constant_step_rate_sharp n p d F gF L Fstar g G eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 < beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (adam_point g eps alpha beta2 x0) T
  <= adam_right 1 (2 / 5) (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof. intros. eapply adam_constant_step_rate; eauto; try lra. apply decoupling_sharp. Qed.

Theorem adam_constant_step_rate_published_constants n p d F gF L Fstar g G eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 < beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (adam_point g eps alpha beta2 x0) T
  <= adam_right (1 / 2) 2 (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof. intros. eapply adam_constant_step_rate; eauto; try lra. apply decoupling_published. Qed.
