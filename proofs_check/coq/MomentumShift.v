(* What the theorems with momentum share.

   x_t = x_{t-1} - eta_t m_t with m_t = beta1 m_{t-1} + (1-beta1) g_t, m_0 = 0, and step sizes that do not grow on the
   first T steps of a path; eta_t may depend on g_t in any way. With r = beta1/(1-beta1) the shifted point
       z_t = x_t - r eta_t m_t     (= x_t + r (x_t - x_{t-1}))
   moves by the gradient, not by the momentum: z_t = z_{t-1} - u_t + r p_t with
       u_t = eta_t g_t,   q_t = eta_{t-1} m_{t-1},   p_t = (eta_{t-1} - eta_t) m_{t-1}.
   L4 at z_{t-1} and |grad F(x_{t-1}) - grad F(z_{t-1})| <= L r |q_t| give shifted_descent. *)
From Coq Require Import Reals Lra Lia List FunctionalExtensionality.
From Mada Require Import Sums Expectation Smoothness Setting DecreasingWeights Paths DecoupledRate.
Import ListNotations.
Local Open Scope R_scope.

(* Histories of at most T draws, all of them outcomes. *)
Definition within (n T : nat) (h : hist) := valid n h /\ (length h <= T)%nat.

Lemma within_tail n T k h : within n T (k :: h) -> within n T h /\ (k < n)%nat /\ (length h < T)%nat.
Proof. intros [Hv Hl]. inversion Hv; subst. simpl in Hl. repeat split; auto; lia. Qed.

Ltac nonneg := repeat first [assumption | apply Rle_0_sqr | apply Rmult_le_pos | lra].

Definition momentum_ratio (beta1 : R) : R := beta1 / (1 - beta1).

Record momentum_method (n T d : nat) (g : nat -> vec -> vec) (beta1 : R) (x m eta : hist -> vec) : Prop := {
  beta1_range : 0 <= beta1 < 1;
  m_start : forall i, m [] i = 0;
  m_step : forall k h i, m (k :: h) i = beta1 * m h i + (1 - beta1) * g k (x h) i;
  x_step : forall k h i, x (k :: h) i = x h i - eta (k :: h) i * m (k :: h) i;
  eta_nonneg : forall h i, within n T h -> (i < d)%nat -> 0 <= eta h i;
  eta_falls : forall k h i, within n T (k :: h) -> (i < d)%nat -> eta (k :: h) i <= eta h i }.

Arguments beta1_range {n T d g beta1 x m eta}.
Arguments m_start {n T d g beta1 x m eta}.
Arguments m_step {n T d g beta1 x m eta}.
Arguments x_step {n T d g beta1 x m eta}.
Arguments eta_nonneg {n T d g beta1 x m eta}.
Arguments eta_falls {n T d g beta1 x m eta}.

Lemma square_average beta1 a b : 0 <= beta1 <= 1 -> (beta1 * a + (1 - beta1) * b)² <= beta1 * a² + (1 - beta1) * b².
Proof.
  intros H. assert (0 <= beta1 * (1 - beta1) * (a - b)²)
    by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply Rle_0_sqr]).
  unfold Rsqr in *. lra.
Qed.

(* One step of a point z with x = z + r q that moves by r p - u. *)
Section DescentFromShift.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (r : R) (x z q drift u : vec).
Hypothesis r_low : 0 <= r.
Hypothesis ahead : forall i, x i - z i = r * q i.

(* <grad F(x) - grad F(z), u> <= L r |q| |u| <= X *)
Local Lemma cross_term X : 0 <= X -> L² * (r² * sqn d q) * sqn d u <= X² ->
  dot d (fun i => gF x i - gF z i) u <= X.
Proof.
  intros HX H. apply Rsqr_incr_0_var; [|auto].
  apply Rle_trans with (1 := cauchy d _ _). apply Rle_trans with (2 := H).
  apply Rmult_le_compat_r; [apply sqn_nonneg|].
  pose proof (lip _ _ _ _ (F_smooth A) z x) as HL.
  replace (sqn d (fun i => x i - z i)) with (r² * sqn d q) in HL; [exact HL|].
  unfold sqn. rewrite <- sum_scal. apply sum_ext; intros i _. rewrite ahead. unfold Rsqr. ring.
Qed.

Theorem descent_from_shift X : 0 <= X -> L² * (r² * sqn d q) * sqn d u <= X² ->
  F (fun i => z i + (r * drift i - u i)) <= F z + X + sum d (fun i =>
    r * G * Rabs (drift i) - gF x i * u i + L / 2 * (r * drift i - u i)²).
Proof.
  intros HX H. pose proof (descent d F gF L z (fun i => r * drift i - u i) (F_smooth A)) as D.
  apply Rle_trans with (1 := D). assert (C := cross_term X HX H). unfold dot in *.
  assert (B : sum d (fun i => gF z i * (r * drift i - u i))
              <= sum d (fun i => (r * G * Rabs (drift i) - gF x i * u i) + (gF x i - gF z i) * u i)).
  { apply sum_le; intros i Hi.
    assert (E : gF z i * drift i <= G * Rabs (drift i)).
    { apply Rle_trans with (1 := Rle_abs _). rewrite Rabs_mult.
      apply Rmult_le_compat_r; [apply Rabs_pos | apply (grad_bnd A); auto]. }
    apply Rmult_le_compat_l with (r := r) in E; [lra | auto]. }
  rewrite sum_plus in B. unfold sqn. rewrite <- (sum_scal d (L / 2)), sum_plus. lra.
Qed.
End DescentFromShift.

Arguments descent_from_shift {n p d F gF L Fstar g G} A {r x z} q {drift u}.

Section Shift.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (T : nat) (beta1 : R) (x m eta : hist -> vec).
Hypothesis M : momentum_method n T d g beta1 x m eta.

Let r := momentum_ratio beta1.
Definition shifted (h : hist) : vec := fun i => x h i - momentum_ratio beta1 * (eta h i * m h i).
Definition gradient_step (k : nat) (h : hist) : vec := fun i => eta (k :: h) i * g k (x h) i.
Definition drift (k : nat) (h : hist) : vec := fun i => (eta h i - eta (k :: h) i) * m h i.
Definition move (h : hist) : vec := fun i => eta h i * m h i.

Lemma r_nonneg : 0 <= r.
Proof.
  destruct (beta1_range M). apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra].
Qed.

Lemma r_plus_1 : (1 + r) * (1 - beta1) = 1.
Proof. destruct (beta1_range M). unfold r, momentum_ratio. field; lra. Qed.

Lemma shifted_start : shifted [] = x [].
Proof.
  apply functional_extensionality; intros i. unfold shifted. rewrite (m_start M). ring.
Qed.

Lemma shifted_step k h : shifted (k :: h) = fun i => shifted h i + (r * drift k h i - gradient_step k h i).
Proof.
  apply functional_extensionality; intros i. unfold shifted, drift, gradient_step.
  rewrite (x_step M), (m_step M).
  destruct (beta1_range M). unfold r, momentum_ratio. field; lra.
Qed.

Lemma momentum_bnd h i : valid n h -> (i < d)%nat -> Rabs (m h i) <= G.
Proof.
  intros Hv Hi. destruct (beta1_range M) as [B1 B2].
  induction Hv as [|k h Hk Hv IH].
  - rewrite (m_start M), Rabs_R0. apply (G_nonneg A). lia.
  - rewrite (m_step M). apply Rle_trans with (1 := Rabs_triang _ _).
    rewrite !Rabs_mult, (Rabs_right beta1), (Rabs_right (1 - beta1)) by lra.
    pose proof (g_bnd A k (x h) i Hk Hi) as Hg.
    apply Rmult_le_compat_l with (r := beta1) in IH; [|lra].
    apply Rmult_le_compat_l with (r := 1 - beta1) in Hg; lra.
Qed.

(* (1+r) |q_{t+1}|^2 <= r |q_t|^2 + |u_t|^2, so sum |q_t|^2 <= sum |u_t|^2. *)
Lemma move_step k h i : within n T (k :: h) -> (i < d)%nat ->
  (1 + r) * (move (k :: h) i)² <= r * (move h i)² + (gradient_step k h i)².
Proof.
  intros Hw Hi. destruct (beta1_range M) as [B1 B2]. pose proof r_plus_1 as Hr. pose proof r_nonneg.
  pose proof (eta_nonneg M _ i Hw Hi) as E0. pose proof (eta_falls M _ _ i Hw Hi) as E1.
  unfold move, gradient_step. rewrite (m_step M).
  set (e' := eta (k :: h) i) in *. set (e := eta h i) in *. set (y := g k (x h) i).
  assert (C := square_average beta1 (e' * m h i) (e' * y) ltac:(lra)).
  replace (beta1 * (e' * m h i) + (1 - beta1) * (e' * y)) with (e' * (beta1 * m h i + (1 - beta1) * y)) in C by ring.
  assert (D : (e' * m h i)² <= (e * m h i)²).
  { rewrite !Rsqr_mult. apply Rmult_le_compat_r; [apply Rle_0_sqr|]. apply Rsqr_incr_1; lra. }
  apply Rmult_le_compat_l with (r := 1 + r) in C; [|lra]. apply Rmult_le_compat_l with (r := r) in D; [|auto].
  replace ((1 + r) * (beta1 * (e' * m h i)² + (1 - beta1) * (e' * y)²))
    with ((1 + r - (1 + r) * (1 - beta1)) * (e' * m h i)² + (1 + r) * (1 - beta1) * (e' * y)²) in C by ring.
  rewrite Hr in C. lra.
Qed.

(* F(z_t) <= F(z_{t-1}) + X + sum_i ( r G |p_i| - d_iF(x) u_i + (L/2)(r p_i - u_i)^2 ) *)
Theorem shifted_descent k h X : 0 <= X -> L² * (r² * sqn d (move h)) * sqn d (gradient_step k h) <= X² ->
  F (shifted (k :: h)) <= F (shifted h) + X + sum d (fun i =>
    r * G * Rabs (drift k h i) - gF (x h) i * gradient_step k h i + L / 2 * (r * drift k h i - gradient_step k h i)²).
Proof.
  intros HX H. rewrite shifted_step.
  apply (descent_from_shift A (move h)); auto using r_nonneg.
  intros i. unfold shifted, move, r. ring.
Qed.
End Shift.

Arguments r_nonneg {n d g T beta1 x m eta}.
Arguments r_plus_1 {n d g T beta1 x m eta}.
Arguments shifted_start {n d g T beta1 x m eta}.
Arguments momentum_bnd {n p d F gF L Fstar g G} A {T beta1 x m eta}.
Arguments move_step {n d g T beta1 x m eta}.
Arguments shifted_descent {n p d F gF L Fstar g G} A {T beta1 x m eta}.

(* eta_t = alpha/sqrt(b_t), where the denominators b_t do not fall on the first T steps of a path. *)
Record adaptive_method (n T d : nat) (g : nat -> vec -> vec) (alpha beta1 : R) (x m b : hist -> vec) : Prop := {
  alpha_pos : 0 < alpha;
  beta1_01 : 0 <= beta1 < 1;
  moment_start : forall i, m [] i = 0;
  moment_step : forall k h i, m (k :: h) i = beta1 * m h i + (1 - beta1) * g k (x h) i;
  point_step : forall k h i, x (k :: h) i = x h i - alpha / sqrt (b (k :: h) i) * m (k :: h) i;
  b_start : forall i, (i < d)%nat -> 0 < b [] i;
  b_grows : forall k h i, within n T (k :: h) -> (i < d)%nat -> b h i <= b (k :: h) i }.

Arguments alpha_pos {n T d g alpha beta1 x m b}.
Arguments beta1_01 {n T d g alpha beta1 x m b}.
Arguments moment_start {n T d g alpha beta1 x m b}.
Arguments moment_step {n T d g alpha beta1 x m b}.
Arguments point_step {n T d g alpha beta1 x m b}.
Arguments b_start {n T d g alpha beta1 x m b}.
Arguments b_grows {n T d g alpha beta1 x m b}.

Definition step_size (alpha : R) (b : hist -> vec) (h : hist) : vec := fun i => alpha / sqrt (b h i).

Section Adaptive.
Variables (n T d : nat) (g : nat -> vec -> vec) (alpha beta1 : R) (x m b : hist -> vec).
Hypothesis M : adaptive_method n T d g alpha beta1 x m b.

Lemma b_above_start h i : within n T h -> (i < d)%nat -> b [] i <= b h i.
Proof.
  intros Hw Hi. induction h as [|k h IH]; [lra|].
  apply Rle_trans with (1 := IH (proj1 (within_tail _ _ _ _ Hw))), (b_grows M); auto.
Qed.

Lemma denominator_pos h i : within n T h -> (i < d)%nat -> 0 < b h i.
Proof. intros Hw Hi. apply Rlt_le_trans with (1 := b_start M i Hi), b_above_start; auto. Qed.

Lemma adaptive_is_momentum : momentum_method n T d g beta1 x m (step_size alpha b).
Proof.
  pose proof (alpha_pos M). constructor; try apply M; unfold step_size.
  - intros h i Hw Hi. left. apply Rdiv_lt_0_compat; [auto | apply sqrt_lt_R0, denominator_pos; auto].
  - intros k h i Hw Hi. apply Rmult_le_compat_l; [lra|].
    apply Rinv_le_contravar; [apply sqrt_lt_R0, denominator_pos; auto; apply (within_tail _ _ _ _ Hw)|].
    apply sqrt_le_1_alt, (b_grows M); auto.
Qed.
End Adaptive.

Arguments b_above_start {n T d g alpha beta1 x m b}.
Arguments denominator_pos {n T d g alpha beta1 x m b}.
Arguments adaptive_is_momentum {n T d g alpha beta1 x m b}.

(* What one draw adds to sum_t g_t^2/b_t, coordinate i. *)
Definition added_ratio (g : nat -> vec -> vec) (x b : hist -> vec) (i k : nat) (h : hist) : R :=
  (g k (x h) i)² / b (k :: h) i.

(* From E_{t-1} Psi_t <= Psi_{t-1} - N_{t-1} for T steps to E Psi_T <= Psi_0 - sum_t E N_t. *)
Lemma potential_telescope n p (p_pos : forall k, (k < n)%nat -> 0 <= p k) T (Psi N : hist -> R) :
  (forall h, valid n h -> (length h < T)%nat -> Ex n p (fun k => Psi (k :: h)) <= Psi h - N h) ->
  Exp n p T Psi [] <= Psi [] - sum T (fun t => Exp n p t N []).
Proof.
  intros H. assert (P : forall t, (t <= T)%nat -> Exp n p t Psi [] <= Psi [] - sum t (fun t => Exp n p t N [])).
  { induction t as [|t IH]; intros Ht; [simpl; lra|]. specialize (IH ltac:(lia)). rewrite Exp_last, sum_S.
    apply Rle_trans with (Exp n p t (fun h => Psi h - 1 * N h) []).
    - apply Exp_le; [auto | constructor |]. intros h Hv Hl. rewrite Rmult_1_l. apply H; auto. simpl in Hl. lia.
    - rewrite Exp_lin. lra. }
  apply P. auto.
Qed.

(* If N >= kappa |grad F|^2/sqrt(t) and sum_t E N_t <= bound, the mean of |grad F|^2 is at most bound/(kappa sqrt T). *)
Lemma rate_from_sum n p d F gF L Fstar g G (A : assumptions n p d F gF L Fstar g G) x T (N : hist -> R) kappa bound :
  (0 < T)%nat -> 0 < kappa ->
  (forall h, valid n h -> (length h < T)%nat -> kappa / sqrt (INR (S (length h))) * sqn d (gF (x h)) <= N h) ->
  sum T (fun t => Exp n p t N []) <= bound -> mean_squared_gradient n p d gF x T <= bound / (kappa * sqrt (INR T)).
Proof.
  intros HT Hk HN HB. pose proof (sqrt_lt_R0 _ (lt_0_INR T HT)) as PT.
  replace (bound / (kappa * sqrt (INR T))) with (bound / kappa / sqrt (INR T)) by (field; lra).
  apply (mean_from_weighted A); auto. apply Rmult_le_reg_l with kappa; [auto|].
  replace (kappa * (bound / kappa)) with bound by (field; lra). apply Rle_trans with (2 := HB).
  unfold weighted_squared_gradient. rewrite <- sum_scal. apply sum_le; intros t Ht.
  unfold squared_gradient. replace (kappa * (Exp n p t (fun h => sqn d (gF (x h))) [] / sqrt (INR (S t))))
    with (kappa / sqrt (INR (S t)) * Exp n p t (fun h => sqn d (gF (x h))) []) by (unfold Rdiv; ring).
  rewrite <- Exp_scal. apply Exp_le; [apply A | constructor |]. intros h Hv Hl.
  replace t with (length h) in * by (simpl in Hl; lia). apply HN; auto.
Qed.

(* A bound that holds on every path of T steps holds in the mean. *)
Lemma Exp_le_const n p (p_pos : forall k, (k < n)%nat -> 0 <= p k) (p_one : sum n p = 1) T X c :
  (forall h, within n T h -> length h = T -> X h <= c) -> Exp n p T X [] <= c.
Proof.
  intros H. rewrite <- (Exp_const n p p_one T c []). apply Exp_le; [auto | constructor |].
  intros h Hv Hl. simpl in Hl. apply H; [split; [auto|]|]; lia.
Qed.
