(* What T3' and T4' share: momentum with step sizes eta_t = alpha c_t/sqrt(e_t) that may grow.
       x_t = x_{t-1} - eta_t m_t,   m_t = beta1 m_{t-1} + (1-beta1) g_t,   e_t >= phi^2 e_{t-1},   e_1 >= e_0,
   with known c_t that do not fall, and e_t = a_t + g_t^2 with a_t known before the draw. With sigma = beta1/phi < 1,
   r = sigma/(1-sigma) and theta = (1-beta1)/(1-sigma) the shifted point z_t = x_t - r eta_t m_t moves by
       z_t - z_{t-1} = -u_t + r p_t,   u_t = theta eta_t g_t,   p_t = (eta_{t-1} - phi eta_t) m_{t-1}.
   If |m_t| <= mu sqrt(e_t), then |p_t| <= alpha mu ( (cbar/2) D_t + c_t - c_{t-1} ) and
   p_t^2 <= alpha^2 mu^2 ( (cbar^2/4) D_t + (c_t - c_{t-1})^2 ), D_t = ln(e_t/(phi^2 e_{t-1})), so that the potential
     F(z) + sum_i [ (L/2) r (1+r) (alpha cbar m_i)^2/e_i - costs of sum D, c and sum g^2/e ]
   falls by theta alpha |grad F|^2/rho in the mean, by L1 at (1, 2/5), where a + G^2 <= (c rho)^2: forgetting_rate. *)
From Coq Require Import Reals Lra Lia List FunctionalExtensionality.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm DecreasingWeights Paths Decoupling DecoupledRate.
From Mada Require Import MomentumShift MomentumLog.
Import ListNotations.
Local Open Scope R_scope.

(* One coordinate: e, c, m before and e', c' after a step; D = ln e' - ln e - ln phi^2. *)
Section Drift.
Variables (alpha mu phi e e' m c c' cbar : R).
Hypothesis alpha_pos : 0 < alpha.
Hypothesis phi_pos : 0 < phi.
Hypothesis e_pos : 0 < e.
Hypothesis e_keeps : phi² * e <= e'.
Hypothesis c_low : 0 <= c.
Hypothesis c_grows : c <= c'.
Hypothesis c_up : c <= cbar.
Hypothesis m_below : Rabs m <= mu * sqrt e.

Let s := sqrt e' / (phi * sqrt e).
Let unit := m / sqrt e.
Let D := ln e' - ln e - ln (phi²).

Local Lemma root_pos : 0 < sqrt e.
Proof. apply sqrt_lt_R0; auto. Qed.

Local Lemma e'_pos : 0 < e'.
Proof. apply Rlt_le_trans with (2 := e_keeps). apply Rmult_lt_0_compat; [apply Rlt_0_sqr; lra | auto]. Qed.

Local Lemma root_keeps : phi * sqrt e <= sqrt e'.
Proof.
  rewrite <- (sqrt_Rsqr phi) by lra. rewrite <- sqrt_mult_alt by apply Rle_0_sqr. apply sqrt_le_1_alt; auto.
Qed.

Local Lemma s_low : 1 <= s.
Proof.
  pose proof root_pos. assert (P : 0 < phi * sqrt e) by (apply Rmult_lt_0_compat; auto).
  apply Rmult_le_reg_r with (phi * sqrt e); [auto|]. unfold s.
  replace (sqrt e' / (phi * sqrt e) * (phi * sqrt e)) with (sqrt e') by (field; lra). rewrite Rmult_1_l.
  apply root_keeps.
Qed.

Local Lemma ln_s : ln s = / 2 * D.
Proof.
  pose proof root_pos as P. pose proof e'_pos as P'. pose proof (sqrt_lt_R0 _ P') as P''.
  unfold s, D. rewrite <- (sqrt_sqrt e) at 2 by lra. rewrite <- (sqrt_sqrt e') at 2 by lra. unfold Rsqr.
  rewrite ln_quot, !ln_mult by (auto; apply Rmult_lt_0_compat; auto). lra.
Qed.

Local Lemma drift_form : (alpha * c / sqrt e - phi * (alpha * c' / sqrt e')) * m = alpha * (unit * (c - c' / s)).
Proof.
  pose proof root_pos as P. pose proof (sqrt_lt_R0 _ e'_pos) as P'. unfold s, unit. field. lra.
Qed.

Local Lemma unit_below : Rabs unit <= mu.
Proof.
  pose proof root_pos as P. unfold unit, Rdiv. rewrite Rabs_mult, Rabs_inv, (Rabs_right (sqrt e)) by lra.
  apply Rmult_le_reg_r with (sqrt e); [auto|]. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. auto.
Qed.

(* -(c' - c) <= c - c'/s <= cbar (1 - 1/s) *)
Local Lemma between : - (c' - c) <= c - c' / s <= cbar * (1 - / s) /\ 0 <= 1 - / s.
Proof.
  pose proof s_low as S. assert (I : 0 < / s) by (apply Rinv_0_lt_compat; lra).
  assert (I1 : / s <= 1) by (rewrite <- Rinv_1; apply Rinv_le_contravar; lra).
  assert (c' * / s <= c' * 1) by (apply Rmult_le_compat_l; lra).
  assert (c * / s <= c' * / s) by (apply Rmult_le_compat_r; lra).
  assert (c * (1 - / s) <= cbar * (1 - / s)) by (apply Rmult_le_compat_r; lra).
  unfold Rdiv. repeat split; lra.
Qed.

Lemma forgetting_drift_length :
  Rabs ((alpha * c / sqrt e - phi * (alpha * c' / sqrt e')) * m) <= alpha * mu * (cbar / 2 * D + (c' - c)).
Proof.
  pose proof unit_below as U. destruct between as [[B1 B2] B3]. pose proof s_low as S.
  pose proof (ln_lower s ltac:(lra)) as Hl. rewrite ln_s in Hl.
  assert (K : Rabs (c - c' / s) <= cbar / 2 * D + (c' - c)).
  { assert (cbar * (1 - / s) <= cbar * (/ 2 * D)) by (apply Rmult_le_compat_l; lra).
    assert (0 <= cbar * (1 - / s)) by (apply Rmult_le_pos; lra). apply Rabs_le. lra. }
  rewrite drift_form, !Rabs_mult, (Rabs_right alpha), Rmult_assoc by lra.
  apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat; auto using Rabs_pos.
Qed.

Lemma forgetting_drift_squared :
  ((alpha * c / sqrt e - phi * (alpha * c' / sqrt e')) * m)² <= alpha² * mu² * (cbar² / 4 * D + (c' - c)²).
Proof.
  pose proof unit_below as U. destruct between as [[B1 B2] B3]. pose proof s_low as S.
  pose proof (shrink_squared s S) as Hl. rewrite ln_s in Hl.
  assert (Hm : 0 <= mu) by (apply Rle_trans with (2 := U), Rabs_pos).
  assert (U2 : unit² <= mu²) by (apply Rsqr_le_abs_1; rewrite (Rabs_right mu); lra).
  assert (K : (c - c' / s)² <= cbar² * (1 - / s)² + (c' - c)²).
  { pose proof (Rle_0_sqr (c' - c)). pose proof (Rle_0_sqr (cbar * (1 - / s))) as H0. rewrite Rsqr_mult in H0.
    destruct (Rle_or_lt 0 (c - c' / s)) as [V | V].
    - assert ((c - c' / s)² <= (cbar * (1 - / s))²) by (apply Rsqr_incr_1; lra). rewrite Rsqr_mult in *. lra.
    - assert ((- (c - c' / s))² <= (c' - c)²) by (apply Rsqr_incr_1; lra). rewrite <- Rsqr_neg in *. lra. }
  assert (K2 : cbar² * (1 - / s)² <= cbar² * (/ 2 * (/ 2 * D))) by (apply Rmult_le_compat_l; [apply Rle_0_sqr | auto]).
  rewrite drift_form, !Rsqr_mult, Rmult_assoc. apply Rmult_le_compat_l; [apply Rle_0_sqr|].
  apply Rmult_le_compat; try apply Rle_0_sqr; auto. lra.
Qed.
End Drift.

Record forgetting_method (n d : nat) (g : nat -> vec -> vec) (alpha beta1 phi : R) (c : nat -> R) (cbar : R)
    (x m e : hist -> vec) : Prop := {
  alpha_positive : 0 < alpha;
  beta1_in : 0 <= beta1 < 1;
  phi_in : 0 < phi <= 1;
  beta1_below : beta1 < phi;
  c_start : 0 <= c O;
  c_rises : forall t, c t <= c (S t);
  c_most : forall t, c t <= cbar;
  first_moment_start : forall i, m [] i = 0;
  first_moment_step : forall k h i, m (k :: h) i = beta1 * m h i + (1 - beta1) * g k (x h) i;
  moves : forall k h i, x (k :: h) i = x h i - alpha * c (S (length h)) / sqrt (e (k :: h) i) * m (k :: h) i;
  e_positive : forall h i, valid n h -> (i < d)%nat -> 0 < e h i;
  e_first : forall k i, valid n [k] -> (i < d)%nat -> e [] i <= e [k] i;
  e_keeps : forall k h i, valid n (k :: h) -> (i < d)%nat -> phi² * e h i <= e (k :: h) i }.

Section Forgetting.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (alpha beta1 phi : R) (c : nat -> R) (cbar mu : R) (x m e : hist -> vec).
Hypothesis M : forgetting_method n d g alpha beta1 phi c cbar x m e.
Hypothesis m_below : forall h i, valid n h -> (i < d)%nat -> Rabs (m h i) <= mu * sqrt (e h i).

Let sigma := beta1 / phi.
Let r := momentum_ratio sigma.
Let theta := (1 - beta1) / (1 - sigma).
Let eta (h : hist) (i : nat) := alpha * c (length h) / sqrt (e h i).
Let z (h : hist) : vec := fun i => x h i - r * (eta h i * m h i).
Let u (k : nat) (h : hist) : vec := fun i => theta * (eta (k :: h) i * g k (x h) i).
Let drift (k : nat) (h : hist) : vec := fun i => (eta h i - phi * eta (k :: h) i) * m h i.
Let move (h : hist) (i : nat) := alpha * cbar * m h i / sqrt (e h i).
Let ratio (i k : nat) (h : hist) := (g k (x h) i)² / e (k :: h) i.
Let grown (h : hist) (i : nat) := ln (e h i) - INR (pred (length h)) * ln (phi²).

Let on_growth := r * G * (alpha * mu) * (cbar / 2) + L / 2 * (r * (1 + r)) * (alpha² * mu²) * (cbar² / 4).
Let on_ratios := L / 2 * (1 + 3 * r) * (theta * (alpha * cbar))².
Let on_c (t : nat) := r * G * (alpha * mu) * (c t - c O) + L / 2 * (r * (1 + r)) * (alpha² * mu²) * (c t - c O)².

Local Lemma sigma_in : 0 <= sigma < 1.
Proof.
  destruct (phi_in _ _ _ _ _ _ _ _ _ _ _ M) as [P _]. destruct (beta1_in _ _ _ _ _ _ _ _ _ _ _ M) as [B _].
  pose proof (beta1_below _ _ _ _ _ _ _ _ _ _ _ M) as Q.
  unfold sigma. split; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]|].
  apply Rmult_lt_reg_r with phi; [auto|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.

Local Lemma beta1_form : beta1 = sigma * phi.
Proof. destruct (phi_in _ _ _ _ _ _ _ _ _ _ _ M) as [P _]. unfold sigma. field. lra. Qed.

Local Lemma ratio_low : 0 <= r.
Proof. pose proof sigma_in. apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]. Qed.

Local Lemma ratio_sum_1 : (1 + r) * (1 - sigma) = 1 /\ (1 + r) * sigma = r.
Proof. pose proof sigma_in. unfold r, momentum_ratio. split; field; lra. Qed.

Local Lemma weights : (1 + r) * beta1 = r * phi /\ (1 + r) * (1 - beta1) = theta.
Proof.
  pose proof sigma_in. destruct (phi_in _ _ _ _ _ _ _ _ _ _ _ M) as [P _]. split.
  - rewrite beta1_form. unfold r, momentum_ratio. field. lra.
  - unfold r, momentum_ratio, theta. field. lra.
Qed.

Local Lemma theta_pos : 0 < theta.
Proof.
  pose proof sigma_in. pose proof (beta1_in _ _ _ _ _ _ _ _ _ _ _ M).
  apply Rmult_lt_0_compat; [lra | apply Rinv_0_lt_compat; lra].
Qed.

Local Lemma c_nonneg t : c O <= c t.
Proof. induction t as [|t IH]; [lra|]. pose proof (c_rises _ _ _ _ _ _ _ _ _ _ _ M t). lra. Qed.

Local Lemma shifted_step k h : z (k :: h) = fun i => z h i + (r * drift k h i - u k h i).
Proof.
  destruct weights as [W1 W2]. apply functional_extensionality; intros i. unfold z, drift, u.
  rewrite (moves _ _ _ _ _ _ _ _ _ _ _ M), (first_moment_step _ _ _ _ _ _ _ _ _ _ _ M).
  change (alpha * c (S (length h)) / sqrt (e (k :: h) i)) with (eta (k :: h) i). set (t := eta (k :: h) i).
  replace (x h i - t * (beta1 * m h i + (1 - beta1) * g k (x h) i)
      - r * (t * (beta1 * m h i + (1 - beta1) * g k (x h) i)))
    with (x h i - t * ((1 + r) * beta1 * m h i + (1 + r) * (1 - beta1) * g k (x h) i)) by ring.
  rewrite W1, W2. ring.
Qed.

Local Lemma drift_zero k i : drift k [] i = 0.
Proof. unfold drift. rewrite (first_moment_start _ _ _ _ _ _ _ _ _ _ _ M). ring. Qed.

Local Lemma drift_bounds k h i : valid n (k :: h) -> (i < d)%nat ->
  let D := grown (k :: h) i - grown h i in
  let rise := c (S (length h)) - c (length h) in
  Rabs (drift k h i) <= alpha * mu * (cbar / 2 * D + rise) /\
  (drift k h i)² <= alpha² * mu² * (cbar² / 4 * D + rise²).
Proof.
  intros Hv Hi. inversion Hv as [|k0 h0 Hk Hh E1]; subst.
  pose proof (alpha_positive _ _ _ _ _ _ _ _ _ _ _ M) as Pa.
  destruct (phi_in _ _ _ _ _ _ _ _ _ _ _ M) as [P1 P2].
  pose proof (e_positive _ _ _ _ _ _ _ _ _ _ _ M h i Hh Hi) as Pe.
  pose proof (c_rises _ _ _ _ _ _ _ _ _ _ _ M (length h)) as Hc.
  pose proof (c_most _ _ _ _ _ _ _ _ _ _ _ M (length h)) as Hm.
  pose proof (c_start _ _ _ _ _ _ _ _ _ _ _ M) as H0. pose proof (c_nonneg (length h)) as Hn.
  pose proof (m_below h i Hh Hi) as Hb.
  assert (Pmu : 0 <= mu).
  { pose proof (sqrt_lt_R0 _ Pe). apply Rmult_le_reg_r with (sqrt (e h i)); [auto|].
    apply Rle_trans with (2 := Hb). rewrite Rmult_0_l. apply Rabs_pos. }
  destruct h as [|k' h].
  - rewrite drift_zero, Rabs_R0, Rsqr_0. unfold grown. simpl length. simpl pred. simpl INR.
    pose proof (ln_le_mono _ _ Pe (e_first _ _ _ _ _ _ _ _ _ _ _ M k i Hv Hi)) as Hl.
    pose proof (c_most _ _ _ _ _ _ _ _ _ _ _ M 0%nat) as Hm0. simpl length in *.
    split.
    + apply Rmult_le_pos; [nonneg|]. assert (0 <= cbar / 2 * (ln (e [k] i) - ln (e [] i))) by (apply Rmult_le_pos; lra).
      lra.
    + apply Rmult_le_pos; [nonneg|]. pose proof (Rle_0_sqr (c 1%nat - c 0%nat)). pose proof (Rle_0_sqr cbar).
      assert (0 <= cbar² / 4 * (ln (e [k] i) - ln (e [] i))) by (apply Rmult_le_pos; lra). lra.
  - assert (E : grown (k :: k' :: h) i - grown (k' :: h) i
                = ln (e (k :: k' :: h) i) - ln (e (k' :: h) i) - ln (phi²)).
    { unfold grown. simpl length. cbn [pred]. rewrite S_INR. ring. }
    rewrite E. unfold drift, eta. split.
    + apply forgetting_drift_length; auto; try lra. apply (e_keeps _ _ _ _ _ _ _ _ _ _ _ M); auto.
    + apply forgetting_drift_squared; auto; try lra. apply (e_keeps _ _ _ _ _ _ _ _ _ _ _ M); auto.
Qed.

(* (1+r) |q_{t+1}|^2 <= r |q_t|^2 + theta^2 (alpha cbar g)^2/e *)
Local Lemma move_step k h i : valid n (k :: h) -> (i < d)%nat ->
  (1 + r) * (move (k :: h) i)² <= r * (move h i)² + (theta * (alpha * cbar))² * ratio i k h.
Proof.
  intros Hv Hi. inversion Hv as [|k0 h0 Hk Hh E1]; subst.
  pose proof (e_positive _ _ _ _ _ _ _ _ _ _ _ M h i Hh Hi) as Pe.
  pose proof (e_positive _ _ _ _ _ _ _ _ _ _ _ M (k :: h) i Hv Hi) as Pe'.
  pose proof (sqrt_lt_R0 _ Pe) as Ps. pose proof (sqrt_lt_R0 _ Pe') as Ps'.
  pose proof sigma_in as S. destruct (phi_in _ _ _ _ _ _ _ _ _ _ _ M) as [P1 P2].
  set (a := alpha * cbar / sqrt (e (k :: h) i)). set (U := a * g k (x h) i).
  assert (E : move (k :: h) i = sigma * (phi * (a * m h i)) + (1 - sigma) * (theta * U)).
  { unfold move, U, a, theta. rewrite (first_moment_step _ _ _ _ _ _ _ _ _ _ _ M). rewrite beta1_form at 1.
    field. lra. }
  pose proof (square_average sigma (phi * (a * m h i)) (theta * U) ltac:(lra)) as C. rewrite <- E in C.
  assert (K : (phi * (a * m h i))² <= (move h i)²).
  { replace (phi * (a * m h i)) with (move h i * (phi * sqrt (e h i) / sqrt (e (k :: h) i)))
      by (unfold move, a; field; lra).
    rewrite Rsqr_mult. rewrite <- (Rmult_1_r ((move h i)²)) at 2. apply Rmult_le_compat_l; [apply Rle_0_sqr|].
    rewrite Rsqr_div', Rsqr_mult, !Rsqr_sqrt by lra. apply Rmult_le_reg_r with (e (k :: h) i); [auto|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r, Rmult_1_l by lra.
    apply (e_keeps _ _ _ _ _ _ _ _ _ _ _ M); auto. }
  assert (E2 : (theta * U)² = (theta * (alpha * cbar))² * ratio i k h).
  { unfold U, a, ratio. rewrite !Rsqr_mult, !Rsqr_div', Rsqr_sqrt by lra. rewrite Rsqr_mult. field. lra. }
  rewrite E2 in C. destruct ratio_sum_1 as [R1 R2].
  apply Rmult_le_compat_l with (r := 1 + r) in C; [|pose proof ratio_low; lra].
  apply Rmult_le_compat_l with (r := r) in K; [|apply ratio_low].
  replace ((1 + r) * (sigma * (phi * (a * m h i))² + (1 - sigma) * ((theta * (alpha * cbar))² * ratio i k h)))
    with ((1 + r) * sigma * (phi * (a * m h i))² + (1 + r) * (1 - sigma) * ((theta * (alpha * cbar))² * ratio i k h))
    in C by ring.
  rewrite R1, R2 in C. lra.
Qed.

Let reserve (h : hist) (i : nat) := L / 2 * r * ((1 + r) * (move h i)²) - on_growth * grown h i - on_c (length h).
Let Phi (h : hist) := F (z h) + sum d (reserve h) - on_ratios * path_sum (fun k h => sum d (fun i => ratio i k h)) h.

Local Lemma path_step k h : valid n (k :: h) -> Phi (k :: h) <= Phi h - sum d (fun i => gF (x h) i * u k h i).
Proof.
  intros Hv. inversion Hv as [|k0 h0 Hk Hh E1]; subst.
  pose proof ratio_low as r_low. pose proof (L_nonneg_of A) as L_low. pose proof theta_pos as Pt.
  pose proof (alpha_positive _ _ _ _ _ _ _ _ _ _ _ M) as Pa.
  pose (q := fun i => eta h i * m h i).
  pose (X := L / 2 * r * (sqn d q + sqn d (u k h))).
  assert (D : F (z (k :: h)) <= F (z h) + X + sum d (fun i => r * G * Rabs (drift k h i) - gF (x h) i * u k h i
                + L / 2 * (r * drift k h i - u k h i)²)).
  { rewrite shifted_step. pose proof (sqn_nonneg d q) as Q0. pose proof (sqn_nonneg d (u k h)) as U0.
    apply (descent_from_shift A q); auto.
    - intros i. unfold z, q. ring.
    - unfold X. apply Rmult_le_pos; [apply Rmult_le_pos|]; lra.
    - unfold X. set (a := sqn d q) in *. set (b := sqn d (u k h)) in *.
      assert (0 <= L² * (r² * (a - b)²)) by nonneg. unfold Rsqr in *. lra. }
  set (rest := fun i => r * G * Rabs (drift k h i) - gF (x h) i * u k h i + L / 2 * (r * drift k h i - u k h i)²) in D.
  assert (S : sum d rest + X + sum d (reserve (k :: h))
              <= sum d (reserve h) + on_ratios * sum d (fun i => ratio i k h) - sum d (fun i => gF (x h) i * u k h i)).
  { unfold X, sqn. repeat first [rewrite <- sum_scal | rewrite <- sum_plus | rewrite <- sum_minus].
    apply sum_le; intros i Hi. unfold rest, reserve.
    destruct (drift_bounds k h i Hv Hi) as [D1 D2]. pose proof (move_step k h i Hv Hi) as D3.
    assert (HG : 0 <= G) by (apply (G_nonneg A); lia).
    pose proof (e_positive _ _ _ _ _ _ _ _ _ _ _ M h i Hh Hi) as Pe.
    pose proof (e_positive _ _ _ _ _ _ _ _ _ _ _ M (k :: h) i Hv Hi) as Pe'.
    pose proof (c_start _ _ _ _ _ _ _ _ _ _ _ M) as H0.
    pose proof (c_nonneg (length h)) as C0. pose proof (c_nonneg (S (length h))) as C0'.
    pose proof (c_rises _ _ _ _ _ _ _ _ _ _ _ M (length h)) as C1.
    pose proof (c_most _ _ _ _ _ _ _ _ _ _ _ M (length h)) as C2.
    pose proof (c_most _ _ _ _ _ _ _ _ _ _ _ M (S (length h))) as C3.
    change (length (k :: h)) with (S (length h)).
    set (w := drift k h i) in *. set (v := u k h i) in *. set (t := ratio i k h) in *.
    set (Dg := grown (k :: h) i - grown h i) in *. set (ca := c (length h)) in *. set (cb := c (S (length h))) in *.
    assert (Hq : (q i)² <= (move h i)²).
    { unfold q, eta, move. fold ca. replace (alpha * ca / sqrt (e h i) * m h i) with (alpha * m h i / sqrt (e h i) * ca)
        by (unfold Rdiv; ring).
      replace (alpha * cbar * m h i / sqrt (e h i)) with (alpha * m h i / sqrt (e h i) * cbar) by (unfold Rdiv; ring).
      rewrite !(Rsqr_mult (alpha * m h i / sqrt (e h i))). apply Rmult_le_compat_l; [apply Rle_0_sqr|].
      apply Rsqr_incr_1; lra. }
    assert (Hu : v² <= (theta * (alpha * cbar))² * t).
    { unfold v, u, t, ratio. fold (eta (k :: h) i). unfold eta. change (length (k :: h)) with (S (length h)). fold cb.
      replace (theta * (alpha * cb / sqrt (e (k :: h) i) * g k (x h) i))
        with (theta * alpha * (g k (x h) i / sqrt (e (k :: h) i)) * cb) by (unfold Rdiv; ring).
      replace ((theta * (alpha * cbar))² * ((g k (x h) i)² / e (k :: h) i))
        with ((theta * alpha * (g k (x h) i / sqrt (e (k :: h) i)))² * cbar²)
        by (rewrite !Rsqr_mult, Rsqr_div', Rsqr_sqrt by lra; unfold Rdiv; ring).
      rewrite Rsqr_mult. apply Rmult_le_compat_l; [apply Rle_0_sqr|]. apply Rsqr_incr_1; lra. }
    assert (Hc : (cb - ca)² <= (cb - c O)² - (ca - c O)²).
    { assert (0 <= (cb - ca) * (ca - c O)) by (apply Rmult_le_pos; lra). unfold Rsqr. lra. }
    assert (K : (r * w - v)² <= (1 + r) * (v² + r * w²)).
    { assert (S : 0 <= r * (v + w)²) by (apply Rmult_le_pos; [auto | apply Rle_0_sqr]). unfold Rsqr in *. lra. }
    assert (Hd : w² <= alpha² * mu² * (cbar² / 4 * Dg + ((cb - c O)² - (ca - c O)²))).
    { apply Rle_trans with (1 := D2). apply Rmult_le_compat_l; [nonneg | lra]. }
    apply Rmult_le_compat_l with (r := r * G) in D1; [|apply Rmult_le_pos; auto].
    apply Rmult_le_compat_l with (r := L / 2 * (r * (1 + r))) in Hd; [|nonneg].
    apply Rmult_le_compat_l with (r := L / 2) in K; [|lra].
    apply Rmult_le_compat_l with (r := L / 2 * r) in D3; [|apply Rmult_le_pos; lra].
    apply Rmult_le_compat_l with (r := L / 2 * r) in Hq; [|apply Rmult_le_pos; lra].
    apply Rmult_le_compat_l with (r := L / 2 * (1 + 2 * r)) in Hu; [|nonneg].
    unfold on_growth, on_ratios, on_c. fold ca cb.
    replace (grown (k :: h) i) with (grown h i + Dg) by (unfold Dg; ring). lra. }
  unfold Phi. cbn [path_sum]. lra.
Qed.

Variables (rho : R) (a : hist -> vec) (T : nat) (N : R).
Hypothesis rho_pos : 0 < rho.
Hypothesis T_pos : (0 < T)%nat.
Hypothesis e_split : forall k h i, e (k :: h) i = a h i + (g k (x h) i)².
Hypothesis a_pos : forall h i, valid n h -> (i < d)%nat -> 0 < a h i.
Hypothesis a_up : forall h i, valid n h -> (length h < T)%nat -> (i < d)%nat ->
  a h i + G² <= (c (S (length h)) * rho)².
Hypothesis c_first : 0 < c 1%nat.
Hypothesis few_ratios : forall h i, valid n h -> length h = T -> (i < d)%nat -> path_sum (ratio i) h <= N.
Hypothesis little_growth : forall h i, valid n h -> length h = T -> (i < d)%nat ->
  ln (e h i) - INR (T - 1) * ln (phi²) <= N + ln (e [] i).

Let on_noise := 2 / 5 * theta * alpha * cbar * G.
Let Psi (h : hist) := Phi h - on_noise * path_sum (fun k h => sum d (fun i => ratio i k h)) h.

Local Lemma decoupled h i : valid n h -> (length h < T)%nat -> (i < d)%nat ->
  theta * alpha / rho * (gF (x h) i)²
  <= Ex n p (fun k => gF (x h) i * u k h i + on_noise * ratio i k h).
Proof.
  intros Hv Hl Hi. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1. pose proof theta_pos as Pt.
  pose proof (alpha_positive _ _ _ _ _ _ _ _ _ _ _ M) as Pa. pose proof (a_pos h i Hv Hi) as Pah.
  set (ct := c (S (length h))).
  assert (Pc : 0 < ct).
  { unfold ct. clear - c_first M. induction (length h) as [|t IH]; [auto|].
    pose proof (c_rises _ _ _ _ _ _ _ _ _ _ _ M (S t)). lra. }
  pose proof (c_most _ _ _ _ _ _ _ _ _ _ _ M (S (length h))) as Cm. fold ct in Cm.
  assert (HG : 0 <= G) by (apply (G_nonneg A); lia).
  pose proof (decoupling_sharp n p (fun k => g k (x h) i) G (a h i) 1 Pp P1 Pah ltac:(lra)
    (fun k Hk => g_bnd A k (x h) i Hk Hi)) as D.
  unfold decoupled_left, decoupled_right in D. rewrite (g_unbiased A), Rmult_1_l, sqrt_1 in D by auto.
  assert (EE : 0 <= Ex n p (fun k => (g k (x h) i)²) <= G²).
  { split; [apply Ex_nonneg; auto; intros; apply Rle_0_sqr|].
    rewrite <- (Ex_const n p P1 (G²)). apply Ex_le; auto. intros k Hk. apply (gsq_le A); auto. }
  assert (E1 : Ex n p (fun k => gF (x h) i * u k h i)
    = theta * alpha * ct * Ex n p (fun k => gF (x h) i * g k (x h) i / sqrt (a h i + 1 * (g k (x h) i)²))).
  { rewrite <- Ex_scal. apply Ex_ext. intros k _. unfold u, eta. change (length (k :: h)) with (S (length h)). fold ct.
    rewrite e_split, Rmult_1_l. unfold Rdiv. ring. }
  assert (E2 : Ex n p (fun k => ratio i k h) = Ex n p (fun k => (g k (x h) i)² / (a h i + 1 * (g k (x h) i)²))).
  { apply Ex_ext. intros k _. unfold ratio. rewrite e_split, Rmult_1_l. reflexivity. }
  rewrite Ex_plus, (Ex_scal n p on_noise (fun k => ratio i k h)), E1, E2.
  set (I := Ex n p (fun k => gF (x h) i * g k (x h) i / sqrt (a h i + 1 * (g k (x h) i)²))) in *.
  set (Q := Ex n p (fun k => (g k (x h) i)² / (a h i + 1 * (g k (x h) i)²))) in *.
  assert (Q0 : 0 <= Q).
  { apply Ex_nonneg; auto. intros k _. pose proof (Rle_0_sqr (g k (x h) i)).
    apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; lra]. }
  apply Rmult_le_compat_l with (r := theta * alpha * ct) in D; [|apply Rmult_le_pos; [apply Rmult_le_pos|]; lra].
  assert (K : theta * alpha / rho * (gF (x h) i)²
    <= theta * alpha * ct * (1 * (gF (x h) i)² / sqrt (a h i + 1 * Ex n p (fun k => (g k (x h) i)²)))).
  { replace (theta * alpha / rho * (gF (x h) i)²) with (theta * alpha * ct * (gF (x h) i)² * / (ct * rho)) by (field; lra).
    replace (theta * alpha * ct * (1 * (gF (x h) i)² / sqrt (a h i + 1 * Ex n p (fun k => (g k (x h) i)²))))
      with (theta * alpha * ct * (gF (x h) i)² * / sqrt (a h i + 1 * Ex n p (fun k => (g k (x h) i)²)))
      by (unfold Rdiv; ring).
    apply Rmult_le_compat_l; [apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos|]; lra | apply Rle_0_sqr]|].
    apply Rinv_le_contravar; [apply sqrt_lt_R0; lra|].
    assert (PR : 0 < ct * rho) by (apply Rmult_lt_0_compat; auto).
    rewrite <- (sqrt_Rsqr (ct * rho)) by lra. apply sqrt_le_1_alt. pose proof (a_up h i Hv Hl Hi) as Hu. fold ct in Hu.
    lra. }
  assert (K2 : theta * alpha * ct * (2 / 5 * G * Q) <= on_noise * Q).
  { replace (theta * alpha * ct * (2 / 5 * G * Q)) with (2 / 5 * theta * alpha * (G * Q) * ct) by ring.
    replace (on_noise * Q) with (2 / 5 * theta * alpha * (G * Q) * cbar) by (unfold on_noise; ring).
    apply Rmult_le_compat_l; [|auto]. apply Rmult_le_pos; [apply Rmult_le_pos; [|lra] | apply Rmult_le_pos; auto].
    lra. }
  replace (2 / 5 * G * 1 * Q) with (2 / 5 * G * Q) in D by ring. rewrite Rmult_1_l in K. lra.
Qed.

Local Lemma mean_step h : valid n h -> (length h < T)%nat -> Ex n p (fun k => Psi (k :: h))
  <= Psi h - theta * alpha / rho * sqn d (gF (x h)).
Proof.
  intros Hv Hl. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1.
  apply Rle_trans with (Ex n p (fun k => Psi h - sum d (fun i => gF (x h) i * u k h i + on_noise * ratio i k h))).
  { apply Ex_le; auto. intros k Hk. pose proof (path_step k h ltac:(constructor; auto)) as S.
    unfold Psi. cbn [path_sum]. rewrite sum_plus, (sum_scal d on_noise). lra. }
  rewrite Ex_minus, Ex_const, Ex_sum by auto. apply Rplus_le_compat_l, Ropp_le_contravar.
  unfold sqn. rewrite <- sum_scal. apply sum_le; intros i Hi. apply decoupled; auto.
Qed.

Theorem forgetting_rate : theta * alpha / rho * sum T (squared_gradient n p d gF x)
  <= F (x []) - Fstar + INR d * ((on_noise + on_ratios + on_growth) * N
       + (r * G * (alpha * mu) * (cbar - c O) + L / 2 * (r * (1 + r)) * (alpha² * mu²) * (cbar - c O)²)).
Proof.
  pose proof (p_pos A) as Pp. pose proof (p_one A) as P1. pose proof ratio_low as r_low.
  pose proof (L_nonneg_of A) as L_low. pose proof theta_pos as Pt.
  pose proof (alpha_positive _ _ _ _ _ _ _ _ _ _ _ M) as Pa.
  pose proof (potential_telescope n p Pp T Psi _ mean_step) as Fall.
  assert (E : sum T (fun t => Exp n p t (fun h => theta * alpha / rho * sqn d (gF (x h))) [])
    = theta * alpha / rho * sum T (squared_gradient n p d gF x)).
  { rewrite <- sum_scal. apply sum_ext; intros t _. unfold squared_gradient. rewrite Exp_scal. reflexivity. }
  rewrite E in Fall. clear E.
  assert (P0 : Psi [] = F (x []) - sum d (fun i => on_growth * ln (e [] i))).
  { assert (E1 : z [] = x []).
    { apply functional_extensionality; intros i. unfold z. rewrite (first_moment_start _ _ _ _ _ _ _ _ _ _ _ M). ring. }
    assert (E2 : sum d (reserve []) = -1 * sum d (fun i => on_growth * ln (e [] i))).
    { rewrite <- sum_scal. apply sum_ext; intros i _. unfold reserve, move, grown, on_c.
      rewrite (first_moment_start _ _ _ _ _ _ _ _ _ _ _ M). simpl length. simpl pred. simpl INR.
      replace (alpha * cbar * 0 / sqrt (e [] i)) with 0 by (unfold Rdiv; ring).
      replace (c 0%nat - c 0%nat) with 0 by ring. rewrite Rsqr_0. ring. }
    unfold Psi, Phi. cbn [path_sum]. rewrite E1, E2. ring. }
  set (extra := r * G * (alpha * mu) * (cbar - c O) + L / 2 * (r * (1 + r)) * (alpha² * mu²) * (cbar - c O)²).
  assert (Low : Fstar - sum d (fun i => on_growth * ln (e [] i))
      - INR d * ((on_noise + on_ratios + on_growth) * N + extra) <= Exp n p T Psi []).
  { rewrite <- (Exp_const n p P1 T _ []). apply Exp_le; [auto | constructor |]. intros h Hv Hl. simpl in Hl.
    rewrite Nat.add_0_r in Hl.
    assert (Es : path_sum (fun k h => sum d (fun i => ratio i k h)) h = sum d (fun i => path_sum (ratio i) h)).
    { clear. induction h as [|k h IH]; [simpl; rewrite sum_const; ring|]. cbn [path_sum]. rewrite sum_plus, IH. auto. }
    unfold Psi, Phi. rewrite Es. pose proof (F_low A (z h)).
    assert (S : sum d (fun i => on_growth * grown h i + on_c (length h) + (on_noise + on_ratios) * path_sum (ratio i) h
                                - on_growth * ln (e [] i))
                <= INR d * ((on_noise + on_ratios + on_growth) * N + extra)).
    { apply sum_le_const. intros i Hi. assert (HG : 0 <= G) by (apply (G_nonneg A); lia).
      pose proof (e_positive _ _ _ _ _ _ _ _ _ _ _ M [] i ltac:(constructor) Hi) as Pe.
      assert (Pmu : 0 <= mu).
      { pose proof (sqrt_lt_R0 _ Pe). apply Rmult_le_reg_r with (sqrt (e [] i)); [auto|].
        apply Rle_trans with (2 := m_below [] i ltac:(constructor) Hi). rewrite Rmult_0_l. apply Rabs_pos. }
      pose proof (c_start _ _ _ _ _ _ _ _ _ _ _ M) as H0. pose proof (c_nonneg (length h)) as C0.
      pose proof (c_most _ _ _ _ _ _ _ _ _ _ _ M (length h)) as C2.
      pose proof (Rle_0_sqr cbar) as Sc. pose proof (Rle_0_sqr (alpha * mu)) as Sa. rewrite Rsqr_mult in Sa.
      assert (G1 : 0 <= r * G * (alpha * mu)) by (apply Rmult_le_pos; apply Rmult_le_pos; lra).
      assert (G2 : 0 <= L / 2 * (r * (1 + r)) * (alpha² * mu²)).
      { apply Rmult_le_pos; [|exact Sa]. apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra]. }
      assert (Q1 : 0 <= on_growth).
      { unfold on_growth. apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra. }
      assert (Q2 : 0 <= on_noise + on_ratios).
      { unfold on_noise, on_ratios. apply Rplus_le_le_0_compat.
        - apply Rmult_le_pos; [|auto]. apply Rmult_le_pos; [|lra]. apply Rmult_le_pos; lra.
        - apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply Rle_0_sqr]. }
      assert (B1 : grown h i - ln (e [] i) <= N).
      { unfold grown. rewrite Hl. pose proof (little_growth h i Hv Hl Hi) as B.
        replace (pred T) with (T - 1)%nat by lia. lra. }
      pose proof (few_ratios h i Hv Hl Hi) as B2.
      assert (B3 : on_c (length h) <= extra).
      { unfold on_c, extra. apply Rplus_le_compat; apply Rmult_le_compat_l; auto; [lra|]. apply Rsqr_incr_1; lra. }
      apply Rmult_le_compat_l with (r := on_growth) in B1; [|auto].
      apply Rmult_le_compat_l with (r := on_noise + on_ratios) in B2; [|auto]. lra. }
    assert (R1 : 0 <= sum d (fun i => reserve h i + (on_growth * grown h i + on_c (length h)))).
    { apply sum_nonneg; intros i _. unfold reserve.
      assert (0 <= L / 2 * r * ((1 + r) * (move h i)²)) by nonneg. lra. }
    rewrite sum_plus in R1. rewrite sum_minus, sum_plus, (sum_scal d (on_noise + on_ratios)) in S.
    lra. }
  fold extra. rewrite P0 in Fall. lra.
Qed.
End Forgetting.
