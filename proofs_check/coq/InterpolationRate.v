(* T6: the interpolation between Adam and AVGrad without momentum, step alpha/sqrt(t),
       vhat_t = rho_t v_t + (1-rho_t) vbar_t,   b_t = t (eps + vhat_t),   x_t = x_{t-1} - alpha g_t/sqrt(b_t),
   where rho_t in [0,1] is any function of what was drawn before step t. With w_t = (1-beta2)(rho_t t + 1 - rho_t)
       sum_t E|grad F(x_{t-1})|^2/sqrt(t) <= (R/(c alpha)) [D0 + sum_i ( K alpha G E sum_t sqrt(w_t) g_{t,i}^2/b_{t,i}
                                                                     + (alpha^2 L/2) E sum_t g_{t,i}^2/b_{t,i} )],
   which for any bounds K1, K2 on the two sums is the form with d (K alpha G K1 + (alpha^2 L/2) K2). With nothing but
   b_t >= t eps: K1 = 2 sqrt(wT) G^2/eps and K2 = (G^2/eps)(1 + ln T). *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Expectation Setting Decoupling DecreasingWeights.
From Mada Require Import AVGradWeights AVGradRatioSum Paths DecoupledRate.
Import ListNotations.
Local Open Scope R_scope.

(* The point x_t, v_t, and t vbar_t. *)
Record mixed_state := { mixed_x : vec; mixed_v : vec; mixed_s : vec }.

Definition mixed_step (g : nat -> vec -> vec) (eps alpha beta2 rho : R) (t k : nat) (z : mixed_state) : mixed_state :=
  let v' := fun i => beta2 * mixed_v z i + (1 - beta2) * (g k (mixed_x z) i)² in
  let s' := fun i => mixed_s z i + v' i in
  {| mixed_x := fun i => mixed_x z i
       - alpha / sqrt (INR t) * g k (mixed_x z) i / sqrt (eps + (rho * v' i + (1 - rho) * (s' i / INR t)));
     mixed_v := v'; mixed_s := s' |}.

(* rho h is used by the draw that follows h. *)
Fixpoint mixed (g : nat -> vec -> vec) (eps alpha beta2 : R) (rho : hist -> R) (x0 : vec) (h : hist) : mixed_state :=
  match h with
  | [] => {| mixed_x := x0; mixed_v := fun _ => 0; mixed_s := fun _ => 0 |}
  | k :: h => mixed_step g eps alpha beta2 (rho h) (S (length h)) k (mixed g eps alpha beta2 rho x0 h)
  end.

Definition mixed_point g eps alpha beta2 rho x0 (h : hist) : vec := mixed_x (mixed g eps alpha beta2 rho x0 h).

(* w_t and b_t of the step after h, in coordinate i, at the draw k. *)
Definition mixed_w (beta2 : R) (rho : hist -> R) (h : hist) : R :=
  (1 - beta2) * (rho h * INR (S (length h)) + 1 - rho h).
Definition mixed_b g eps alpha beta2 rho x0 (i k : nat) (h : hist) : R :=
  let z := mixed g eps alpha beta2 rho x0 (k :: h) in
  INR (S (length h)) * (eps + rho h * mixed_v z i) + (1 - rho h) * mixed_s z i.

(* The two sums along a path. *)
Definition mixed_sum g eps alpha beta2 rho x0 (i : nat) (h : hist) : R :=
  path_sum (fun k h => square g (mixed_point g eps alpha beta2 rho x0) i k h
                       / mixed_b g eps alpha beta2 rho x0 i k h) h.
Definition mixed_weighted_sum g eps alpha beta2 rho x0 (i : nat) (h : hist) : R :=
  path_sum (fun k h => sqrt (mixed_w beta2 rho h)
    * (square g (mixed_point g eps alpha beta2 rho x0) i k h / mixed_b g eps alpha beta2 rho x0 i k h)) h.

Definition mixed_right (c K K1 K2 T d D0 L G eps alpha : R) : R :=
  radius eps G / (c * alpha * sqrt T) * (D0 + d * (K * alpha * G * K1 + alpha² * L / 2 * K2)).
Definition trivial_K1 (T G eps beta2 : R) : R := 2 * sqrt ((1 - beta2) * T) * G² / eps.
Definition trivial_K2 (T G eps : R) : R := G² / eps * (1 + ln T).

Section Interpolation.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta2 : R) (rho : hist -> R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis rho_01 : forall h, 0 <= rho h <= 1.
Variables (c K : R).
Hypothesis c_pos : 0 < c.
Hypothesis K_nonneg : 0 <= K.
Hypothesis L1 : decoupling c K.

Let X := mixed_point g eps alpha beta2 rho x0.
Let V i h := mixed_v (mixed g eps alpha beta2 rho x0 h) i.
Let U i h := mixed_s (mixed g eps alpha beta2 rho x0 h) i.
Let sq := square g X.
Let t (h : hist) := INR (S (length h)).
Let a h i := t h * (eps + rho h * (beta2 * V i h)) + (1 - rho h) * (U i h + beta2 * V i h).
Let W h (i : nat) := mixed_w beta2 rho h.

Local Lemma V_path i h : V i h = v beta2 (along (sq i) h) (length h).
Proof. apply v_along; reflexivity. Qed.

Local Lemma U_path i h : U i h = tvbar beta2 (along (sq i) h) (length h).
Proof. apply tvbar_along with (V := V i); reflexivity. Qed.

Local Lemma state_nonneg i h : 0 <= V i h /\ 0 <= U i h.
Proof.
  assert (P : forall t, 0 <= along (sq i) h t) by (intros; apply along_nonneg; intros; apply Rle_0_sqr).
  rewrite V_path, U_path. split; [apply v_nonneg; auto; lra | apply tvbar_nonneg; auto; lra].
Qed.

Local Lemma state_bounds i h : valid n h -> (i < d)%nat -> V i h <= G² /\ U i h <= INR (length h) * G².
Proof.
  intros Hv Hi. assert (H : forall t, 0 <= along (sq i) h t <= G²).
  { apply along_between with (n := n); auto; [pose proof (Rle_0_sqr G); lra|].
    intros k h' Hk _. split; [apply Rle_0_sqr | apply (gsq_le A); auto]. }
  rewrite V_path, U_path. split.
  - apply v_up; [lra | apply Rle_0_sqr | apply H].
  - apply Rle_trans with (1 := avgrad_largest_weight beta2 _ _ ltac:(lra) ltac:(apply H)).
    apply sum_le_const. intros s _. apply H.
Qed.

Local Lemma denominator h i k : a h i + W h i * sq i k h = mixed_b g eps alpha beta2 rho x0 i k h.
Proof.
  unfold mixed_b. change (mixed_v (mixed g eps alpha beta2 rho x0 (k :: h)) i)
    with (beta2 * V i h + (1 - beta2) * sq i k h).
  change (mixed_s (mixed g eps alpha beta2 rho x0 (k :: h)) i) with (U i h + (beta2 * V i h + (1 - beta2) * sq i k h)).
  unfold a, W, mixed_w. fold (t h). ring.
Qed.

Local Lemma t_pos h : 1 <= t h.
Proof. unfold t. rewrite S_INR. pose proof (pos_INR (length h)). lra. Qed.

Lemma mixed_b_low i k h : t h * eps <= mixed_b g eps alpha beta2 rho x0 i k h.
Proof.
  pose proof (t_pos h). destruct (rho_01 h). destruct (state_nonneg i (k :: h)) as [HV HU].
  change (mixed_b g eps alpha beta2 rho x0 i k h)
    with (t h * (eps + rho h * V i (k :: h)) + (1 - rho h) * U i (k :: h)).
  assert (0 <= rho h * V i (k :: h)) by (apply Rmult_le_pos; lra).
  assert (0 <= (1 - rho h) * U i (k :: h)) by (apply Rmult_le_pos; lra). nra.
Qed.

Local Lemma moves k h : X (k :: h) = fun i => X h i + - alpha * g k (X h) i / sqrt (a h i + W h i * sq i k h).
Proof.
  apply functional_extensionality; intros i. rewrite denominator. pose proof (t_pos h) as Ht.
  pose proof (mixed_b_low i k h) as Hb.
  change (X (k :: h) i) with (X h i - alpha / sqrt (t h) * g k (X h) i
    / sqrt (eps + (rho h * V i (k :: h) + (1 - rho h) * (U i (k :: h) / t h)))).
  change (mixed_b g eps alpha beta2 rho x0 i k h)
    with (t h * (eps + rho h * V i (k :: h)) + (1 - rho h) * U i (k :: h)) in *.
  set (D := eps + (rho h * V i (k :: h) + (1 - rho h) * (U i (k :: h) / t h))).
  replace (t h * (eps + rho h * V i (k :: h)) + (1 - rho h) * U i (k :: h)) with (t h * D) in *
    by (unfold D; field; lra).
  assert (HD : 0 < D) by nra. rewrite sqrt_mult by lra.
  pose proof (sqrt_lt_R0 _ HD). pose proof (sqrt_lt_R0 (t h) ltac:(lra)). field; lra.
Qed.

Local Lemma W_pos h : 0 < mixed_w beta2 rho h.
Proof. unfold mixed_w. fold (t h). pose proof (t_pos h). destruct (rho_01 h). apply Rmult_lt_0_compat; nra. Qed.

(* The data-dependent form. *)
Theorem interpolation_rate_measured T : weighted_squared_gradient n p d gF X T
  <= radius eps G / (c * alpha) * (F x0 - Fstar + sum d (fun i =>
       K * alpha * G * Exp n p T (mixed_weighted_sum g eps alpha beta2 rho x0 i) []
       + alpha² * L / 2 * Exp n p T (mixed_sum g eps alpha beta2 rho x0 i) [])).
Proof.
  pose proof (radius_pos eps G eps_pos) as PR.
  assert (E : forall i, ratio g X a W i = fun k h => sq i k h / mixed_b g eps alpha beta2 rho x0 i k h).
  { intros i. apply functional_extensionality; intros k. apply functional_extensionality; intros h.
    unfold ratio. fold (sq i k h). rewrite denominator. reflexivity. }
  assert (H := decoupled_rate n p d F gF L Fstar g G A c K c_pos L1 alpha X a W (fun t => INR t * (eps + G²))
    alpha_pos moves).
  unfold weighted_ratio in H.
  specialize (H ltac:(intros h i Hv Hi; destruct (state_nonneg i h), (rho_01 h); pose proof (t_pos h);
    assert (0 <= rho h * (beta2 * V i h)) by (repeat apply Rmult_le_pos; lra);
    assert (0 <= (1 - rho h) * (U i h + beta2 * V i h)) by (apply Rmult_le_pos; nra); unfold a; nra)).
  specialize (H ltac:(intros h i _ _; apply W_pos)).
  assert (Hup : forall h i, valid n h -> (i < d)%nat -> a h i + W h i * G² <= INR (S (length h)) * (eps + G²)).
  { intros h i Hv Hi. destruct (state_bounds i h Hv Hi) as [HV HU], (rho_01 h). pose proof (t_pos h) as Ht.
    fold (t h). replace (INR (length h)) with (t h - 1) in HU by (unfold t; rewrite S_INR; lra).
    pose proof (Rle_0_sqr G).
    assert (rho h * (beta2 * V i h) <= rho h * (beta2 * G²))
      by (apply Rmult_le_compat_l; [lra | apply Rmult_le_compat_l; lra]).
    assert ((1 - rho h) * (U i h + beta2 * V i h) <= (1 - rho h) * ((t h - 1) * G² + beta2 * G²))
      by (apply Rmult_le_compat_l; [lra | nra]).
    apply Rle_trans with
      (t h * (eps + rho h * (beta2 * G²)) + (1 - rho h) * ((t h - 1) * G² + beta2 * G²) + W h i * G²).
    - unfold a. apply Rplus_le_compat_r, Rplus_le_compat; [apply Rmult_le_compat_l; lra | auto].
    - right. unfold W, mixed_w. fold (t h). ring. }
  specialize (H Hup T). rewrite weights_of_radius in H by auto.
  apply Rmult_le_reg_l with (alpha * c / radius eps G); [apply Rdiv_lt_0_compat; nra|].
  apply Rle_trans with (alpha * c * (weighted_squared_gradient n p d gF X T / radius eps G)); [right; field; lra|].
  apply Rle_trans with (1 := H). right.
  replace (F (X [])) with (F x0) by reflexivity.
  match goal with |- _ = ?z * (?y * (?u + ?r)) => transitivity (u + r); [f_equal | field; lra] end.
  apply sum_ext; intros i _. rewrite E. reflexivity.
Qed.

(* Any bounds on the two expectations. *)
Theorem interpolation_rate_bounded T K1 K2 : (0 < T)%nat ->
  (forall h i, valid n h -> length h = T -> (i < d)%nat -> mixed_weighted_sum g eps alpha beta2 rho x0 i h <= K1) ->
  (forall h i, valid n h -> length h = T -> (i < d)%nat -> mixed_sum g eps alpha beta2 rho x0 i h <= K2) ->
  mean_squared_gradient n p d gF X T <= mixed_right c K K1 K2 (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof.
  intros HT H1 H2. pose proof (radius_pos eps G eps_pos) as PR. assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  pose proof (sqrt_lt_R0 _ PT) as PsT.
  replace (mixed_right c K K1 K2 (INR T) (INR d) (F x0 - Fstar) L G eps alpha) with
    (radius eps G / (c * alpha) * (F x0 - Fstar + INR d * (K * alpha * G * K1 + alpha² * L / 2 * K2)) / sqrt (INR T))
    by (unfold mixed_right; field; lra).
  apply (mean_from_weighted A); auto. apply Rle_trans with (1 := interpolation_rate_measured T).
  apply Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; nra|]. apply Rplus_le_compat_l, sum_le_const. intros i Hi.
  assert (HG : 0 <= G) by (apply (G_nonneg A); lia). pose proof (L_nonneg_of A). pose proof (Rle_0_sqr alpha).
  assert (B : forall Y C, (forall h, valid n h -> length h = T -> Y h <= C) -> Exp n p T Y [] <= C).
  { intros Y C HY. rewrite <- (Exp_const n p (p_one A) T C []).
    apply Exp_le; [apply A | constructor |]. intros h Hv Hl. apply HY; auto. simpl in Hl. lia. }
  apply Rplus_le_compat; apply Rmult_le_compat_l; auto.
  - repeat apply Rmult_le_pos; lra.
  - nra.
Qed.

Lemma mixed_term_bound i k h : (k < n)%nat -> (i < d)%nat ->
  0 <= sq i k h / mixed_b g eps alpha beta2 rho x0 i k h <= G² / eps * / t h.
Proof.
  intros Hk Hi. pose proof (t_pos h). pose proof (mixed_b_low i k h). pose proof (gsq_le A k (X h) i Hk Hi).
  assert (P : 0 < t h * eps) by nra. assert (Q : 0 <= sq i k h) by apply Rle_0_sqr. split.
  - apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; lra].
  - replace (G² / eps * / t h) with (G² / (t h * eps)) by (field; lra).
    apply Rmult_le_compat; auto; [left; apply Rinv_0_lt_compat; lra | apply Rinv_le_contravar; lra].
Qed.

Local Lemma path_sum_of_length (f : nat -> R) h : path_sum (fun (_ : nat) h => f (length h)) h = sum (length h) f.
Proof. induction h as [|k h IH]; [reflexivity|]. simpl. rewrite IH. reflexivity. Qed.

(* Nothing known of rho_t. *)
Theorem interpolation_moving_rate T : (0 < T)%nat ->
  mean_squared_gradient n p d gF X T
  <= mixed_right c K (trivial_K1 (INR T) G eps beta2) (trivial_K2 (INR T) G eps)
       (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof.
  intros HT. assert (HGe : 0 <= G² / eps).
  { apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat; auto]. }
  apply interpolation_rate_bounded; auto; intros h i Hv Hl Hi; subst T.
  - (* sqrt(w_t) <= sqrt(w t) *)
    apply Rle_trans with (path_sum (fun (_ : nat) h => G² / eps * sqrt (1 - beta2) * / sqrt (INR (S (length h)))) h).
    + apply (path_sum_le n); auto. intros k h' Hk _. destruct (mixed_term_bound i k h' Hk Hi) as [T0 T1].
      pose proof (t_pos h') as Ht. pose proof (sqrt_lt_R0 (t h') ltac:(lra)) as Hs. fold (t h').
      assert (Hw : sqrt (mixed_w beta2 rho h') <= sqrt (1 - beta2) * sqrt (t h')).
      { rewrite <- sqrt_mult by lra. apply sqrt_le_1_alt. unfold mixed_w. fold (t h'). destruct (rho_01 h').
        apply Rmult_le_compat_l; nra. }
      apply Rle_trans with (sqrt (1 - beta2) * sqrt (t h') * (G² / eps * / t h')).
      * apply Rmult_le_compat; auto using sqrt_pos.
      * right. rewrite <- (sqrt_sqrt (t h')) at 2 by lra. field; lra.
    + rewrite (path_sum_of_length (fun t => G² / eps * sqrt (1 - beta2) * / sqrt (INR (S t)))), sum_scal.
      pose proof (inverse_root_sum (length h)). unfold trivial_K1. rewrite sqrt_mult by (try lra; apply pos_INR).
      pose proof (sqrt_pos (1 - beta2)).
      apply Rle_trans with (G² / eps * sqrt (1 - beta2) * (2 * sqrt (INR (length h)))).
      * apply Rmult_le_compat_l; [apply Rmult_le_pos; auto | auto].
      * right. field. lra.
  - apply Rle_trans with (path_sum (fun (_ : nat) h => G² / eps * / INR (S (length h))) h).
    + apply (path_sum_le n); auto. intros k h' Hk _. apply mixed_term_bound; auto.
    + rewrite (path_sum_of_length (fun t => G² / eps * / INR (S t))), sum_scal.
      apply Rmult_le_compat_l; [auto | apply harmonic_sum; auto].
Qed.
End Interpolation.

(* In full: the form with the two sums as they are, and the one with nothing known of rho_t. *)
Theorem interpolation_rate_data n p d F gF L Fstar g G eps alpha beta2 rho x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (forall h, 0 <= rho h <= 1) ->
  weighted_squared_gradient n p d gF (mixed_point g eps alpha beta2 rho x0) T
  <= radius eps G / (1 * alpha) * (F x0 - Fstar + sum d (fun i =>
       2 / 5 * alpha * G * Exp n p T (mixed_weighted_sum g eps alpha beta2 rho x0 i) []
       + alpha² * L / 2 * Exp n p T (mixed_sum g eps alpha beta2 rho x0 i) [])).
Proof. intros. eapply interpolation_rate_measured; eauto; try lra. apply decoupling_sharp. Qed.

Theorem interpolation_rate_data_published n p d F gF L Fstar g G eps alpha beta2 rho x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (forall h, 0 <= rho h <= 1) ->
  weighted_squared_gradient n p d gF (mixed_point g eps alpha beta2 rho x0) T
  <= radius eps G / (1 / 2 * alpha) * (F x0 - Fstar + sum d (fun i =>
       2 * alpha * G * Exp n p T (mixed_weighted_sum g eps alpha beta2 rho x0 i) []
       + alpha² * L / 2 * Exp n p T (mixed_sum g eps alpha beta2 rho x0 i) [])).
Proof. intros. eapply interpolation_rate_measured; eauto; try lra. apply decoupling_published. Qed.

Theorem interpolation_moving_rate_sharp n p d F gF L Fstar g G eps alpha beta2 rho x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (forall h, 0 <= rho h <= 1) ->
  (0 < T)%nat ->
  mean_squared_gradient n p d gF (mixed_point g eps alpha beta2 rho x0) T
  <= mixed_right 1 (2 / 5) (trivial_K1 (INR T) G eps beta2) (trivial_K2 (INR T) G eps)
       (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof. intros. eapply interpolation_moving_rate; eauto; try lra. apply decoupling_sharp. Qed.
