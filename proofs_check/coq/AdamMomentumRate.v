(* T3' and T4': Adagrad and Adam with momentum in the form of Defossez, Bottou, Bach and Usunier (2022),
       m_t = beta1 m_{t-1} + g_t,   v_t = lam v_{t-1} + g_t^2,   x_t = x_{t-1} - alpha (1-beta1) c_t m_t/sqrt(eps + v_t),
   Adagrad: lam = c_t = 1; Adam: lam = beta2, c_t^2 = (1-beta2^t)/(1-beta2). With sigma = beta1/sqrt(lam) < 1 this is
   ForgettingMomentum with e_t = eps + v_t, because (1-sigma^2) m_t^2 <= v_t, and
   sum g^2/e <= ln(e_T/eps) - (T-1) ln(lam), which is also what ln e grows by when forgetting is made up for. *)
From Coq Require Import Reals Lra Lia List FunctionalExtensionality.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm DecreasingWeights AVGradWeights Paths Decoupling.
From Mada Require Import DecoupledRate AdagradRate AdamPublishedRate MomentumShift MomentumLog ForgettingMomentum.
Import ListNotations.
Local Open Scope R_scope.

(* The point, m_t and v_t. *)
Fixpoint summed_momentum (g : nat -> vec -> vec) (eps alpha beta1 lam : R) (c : nat -> R) (x0 : vec) (h : hist)
    : vec * (vec * vec) :=
  match h with
  | [] => (x0, (fun _ => 0, fun _ => 0))
  | k :: h =>
    let z := summed_momentum g eps alpha beta1 lam c x0 h in
    let m' := fun i => beta1 * fst (snd z) i + g k (fst z) i in
    let v' := fun i => lam * snd (snd z) i + (g k (fst z) i)² in
    (fun i => fst z i - alpha * (1 - beta1) * c (S (length h)) * m' i / sqrt (eps + v' i), (m', v'))
  end.

Definition summed_momentum_point g eps alpha beta1 lam c x0 (h : hist) : vec :=
  fst (summed_momentum g eps alpha beta1 lam c x0 h).
Definition adagrad_momentum_point g eps alpha beta1 x0 : hist -> vec :=
  summed_momentum_point g eps alpha beta1 1 (fun _ => 1) x0.
Definition adam_momentum_point g eps alpha beta1 beta2 x0 : hist -> vec :=
  summed_momentum_point g eps alpha beta1 beta2 (fun t => sqrt (correction beta2 t)) x0.

Definition adagrad_momentum_right (T d D0 L G eps alpha beta1 : R) : R :=
  radius eps G / (alpha * sqrt T) * (D0 + d * (2 / 5 * alpha * G + alpha * G * beta1 / (2 * sqrt (1 - beta1²))
    + alpha² * L * (1 + 2 * beta1) / (2 * (1 - beta1)) + alpha² * L * beta1 / (8 * (1 - beta1²)))
    * ln (1 + T * G² / eps)).

Definition adam_momentum_right (T d D0 L G eps alpha beta1 beta2 : R) : R :=
  let sigma := beta1 / sqrt beta2 in
  let theta := (1 - beta1) / (1 - sigma) in
  let w := 1 - beta2 in
  let N := adam_ratios T G eps beta2 in
  radius eps G / (alpha * T) * (D0 / theta
    + d * ((2 / 5 * alpha * G / sqrt w + alpha² * L * theta * (1 + 2 * sigma) / (2 * (1 - sigma) * w)) * N
    + (alpha * G * sigma / (2 * sqrt ((1 - sigma²) * w)) + alpha² * L * sigma * theta / (8 * (1 - sigma²) * w))
      * (N + 4))).

Section SummedMomentum.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta1 lam : R) (c : nat -> R) (cbar : R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis lam_01 : 0 < lam <= 1.
Hypothesis beta1_low : beta1² < lam.
Hypothesis c_start : 0 <= c O.
Hypothesis c_rises : forall t, c t <= c (S t).
Hypothesis c_most : forall t, c t <= cbar.

Let states := summed_momentum g eps alpha beta1 lam c x0.
Let X (h : hist) : vec := fst (states h).
Let first (h : hist) (i : nat) := fst (snd (states h)) i.
Let V (h : hist) (i : nat) := snd (snd (states h)) i.
Let m (h : hist) (i : nat) := (1 - beta1) * first h i.
Let e (h : hist) (i : nat) := eps + V h i.
Let sigma := beta1 / sqrt lam.
Let mu := (1 - beta1) / sqrt (1 - sigma²).

Local Lemma first_step k h i : first (k :: h) i = beta1 * first h i + g k (X h) i.
Proof. reflexivity. Qed.

Local Lemma V_step k h i : V (k :: h) i = lam * V h i + (g k (X h) i)².
Proof. reflexivity. Qed.

Local Lemma X_step k h i :
  X (k :: h) i = X h i - alpha * (1 - beta1) * c (S (length h)) * first (k :: h) i / sqrt (e (k :: h) i).
Proof. reflexivity. Qed.

Local Lemma V_nonneg h i : 0 <= V h i.
Proof.
  induction h as [|k h IH]; [change (V [] i) with 0; lra|]. rewrite V_step. pose proof (Rle_0_sqr (g k (X h) i)).
  assert (0 <= lam * V h i) by (apply Rmult_le_pos; lra). lra.
Qed.

Local Lemma e_pos h i : 0 < e h i.
Proof. pose proof (V_nonneg h i). unfold e. lra. Qed.

Local Lemma root_pos : 0 < sqrt lam.
Proof. apply sqrt_lt_R0. lra. Qed.

Local Lemma beta1_below_root : beta1 < sqrt lam.
Proof. rewrite <- (sqrt_Rsqr beta1) by lra. apply sqrt_lt_1_alt. split; [apply Rle_0_sqr | auto]. Qed.

Local Lemma sigma_range : 0 <= sigma < 1 /\ beta1 = sigma * sqrt lam /\ 0 < 1 - sigma².
Proof.
  pose proof root_pos as P. pose proof beta1_below_root as B. assert (S : 0 <= sigma < 1).
  { unfold sigma. split; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]|].
    apply Rmult_lt_reg_r with (sqrt lam); [auto|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  split; [auto|]. split; [unfold sigma; field; lra|].
  assert (sigma * sigma < 1 * 1) by (apply Rmult_le_0_lt_compat; lra). unfold Rsqr. lra.
Qed.

(* (1-sigma^2)(beta1 m + g)^2 + ((1-sigma^2) sqrt(lam) m - sigma g)^2 = lam (1-sigma^2) m^2 + g^2 *)
Local Lemma first_low h i : (1 - sigma²) * (first h i)² <= V h i.
Proof.
  destruct sigma_range as (S1 & S2 & S3). pose proof root_pos.
  assert (El : sqrt lam * sqrt lam = lam) by (apply sqrt_sqrt; lra).
  induction h as [|k h IH]; [change (first [] i) with 0; change (V [] i) with 0; rewrite Rsqr_0; lra|].
  rewrite first_step, V_step. set (y := g k (X h) i). set (f := first h i) in *.
  pose proof (Rle_0_sqr ((1 - sigma²) * sqrt lam * f - sigma * y)) as Q.
  assert (E : (1 - sigma²) * (beta1 * f + y)² + ((1 - sigma²) * sqrt lam * f - sigma * y)²
    = (sqrt lam * sqrt lam) * ((1 - sigma²) * f²) + y²) by (rewrite S2; unfold Rsqr; ring).
  rewrite El in E. apply Rmult_le_compat_l with (r := lam) in IH; [|lra]. lra.
Qed.

Local Lemma m_below h i : Rabs (m h i) <= mu * sqrt (e h i).
Proof.
  destruct sigma_range as (S1 & S2 & S3). pose proof (sqrt_lt_R0 _ S3) as Ps. pose proof (first_low h i) as Hf.
  apply Rmult_le_reg_r with (sqrt (1 - sigma²)); [auto|]. unfold mu.
  replace ((1 - beta1) / sqrt (1 - sigma²) * sqrt (e h i) * sqrt (1 - sigma²)) with ((1 - beta1) * sqrt (e h i))
    by (field; lra).
  unfold m. rewrite Rabs_mult, (Rabs_right (1 - beta1)) by lra. rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|].
  rewrite <- (sqrt_Rsqr_abs (first h i)), <- sqrt_mult_alt by apply Rle_0_sqr. apply sqrt_le_1_alt. unfold e. lra.
Qed.

Local Lemma is_forgetting : forgetting_method n d g alpha beta1 (sqrt lam) c cbar X m e.
Proof.
  pose proof root_pos as P. constructor; auto.
  - split; [auto|]. rewrite <- sqrt_1. apply sqrt_le_1_alt. lra.
  - apply beta1_below_root.
  - intros i. unfold m. change (first [] i) with 0. ring.
  - intros k h i. unfold m. rewrite first_step. ring.
  - intros k h i. rewrite X_step. unfold m, Rdiv. ring.
  - intros h i _ _. apply e_pos.
  - intros k i _ _. unfold e. rewrite V_step. change (V [] i) with 0. pose proof (Rle_0_sqr (g k (X []) i)). lra.
  - intros k h i _ _. unfold e. rewrite V_step, Rsqr_sqrt by lra. pose proof (Rle_0_sqr (g k (X h) i)).
    assert (lam * eps <= 1 * eps) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(* sum g^2/e <= ln e_T - ln eps - (T-1) ln lam *)
Local Lemma ratios h i : path_sum (fun k h => (g k (X h) i)² / e (k :: h) i) h
  <= ln (e h i) - INR (pred (length h)) * ln lam - ln eps.
Proof.
  assert (E0 : e [] i = eps) by (unfold e; change (V [] i) with 0; ring).
  induction h as [|k h IH]; [rewrite E0; cbn [path_sum length pred INR]; lra|]. cbn [path_sum].
  pose proof (e_pos h i) as P0. pose proof (e_pos (k :: h) i) as P1. pose proof (V_nonneg h i) as PV.
  assert (PL : 0 <= lam * V h i) by (apply Rmult_le_pos; lra). pose proof (Rle_0_sqr (g k (X h) i)) as Pg.
  assert (O : (g k (X h) i)² / e (k :: h) i <= ln (e (k :: h) i) - ln (eps + lam * V h i)).
  { unfold e. rewrite V_step, <- Rplus_assoc. apply ratio_step; lra. }
  destruct h as [|k' h].
  - change (V [] i) with 0 in O. rewrite Rmult_0_r, Rplus_0_r in O. cbn [path_sum length pred INR] in *. lra.
  - assert (K : ln lam + ln (e (k' :: h) i) <= ln (eps + lam * V (k' :: h) i)).
    { rewrite <- ln_mult by lra. apply ln_le_mono; [apply Rmult_lt_0_compat; lra|]. unfold e.
      assert (lam * eps <= 1 * eps) by (apply Rmult_le_compat_r; lra). lra. }
    change (length (k :: k' :: h)) with (S (length (k' :: h))). cbn [pred].
    change (length (k' :: h)) with (S (length h)) in *. cbn [pred] in IH. rewrite S_INR. lra.
Qed.

Variables (rho : R) (T : nat) (N : R).
Hypothesis rho_pos : 0 < rho.
Hypothesis T_pos : (0 < T)%nat.
Hypothesis c_first : 0 < c 1%nat.
Hypothesis V_up : forall h i, valid n h -> (length h < T)%nat -> (i < d)%nat ->
  eps + lam * V h i + G² <= (c (S (length h)) * rho)².
Hypothesis e_up : forall h i, valid n h -> length h = T -> (i < d)%nat ->
  ln (e h i) - INR (T - 1) * ln lam - ln eps <= N.

Let r := sigma / (1 - sigma).
Let theta := (1 - beta1) / (1 - sigma).

Theorem summed_momentum_rate : theta * alpha / rho * sum T (squared_gradient n p d gF X)
  <= F x0 - Fstar + INR d * ((2 / 5 * theta * alpha * cbar * G + L / 2 * (1 + 3 * r) * (theta * (alpha * cbar))²
         + (r * G * (alpha * mu) * (cbar / 2) + L / 2 * (r * (1 + r)) * (alpha² * mu²) * (cbar² / 4))) * N
       + (r * G * (alpha * mu) * (cbar - c O) + L / 2 * (r * (1 + r)) * (alpha² * mu²) * (cbar - c O)²)).
Proof.
  assert (Sq : (sqrt lam)² = lam) by (apply Rsqr_sqrt; lra).
  apply (forgetting_rate n p d F gF L Fstar g G A alpha beta1 (sqrt lam) c cbar mu X m e is_forgetting
    (fun h i _ _ => m_below h i) rho (fun h i => eps + lam * V h i)); auto.
  - intros k h i. unfold e. rewrite V_step. ring.
  - intros h i _ _. pose proof (V_nonneg h i). assert (0 <= lam * V h i) by (apply Rmult_le_pos; lra). lra.
  - intros h i Hv Hl Hi. pose proof (ratios h i) as R0. pose proof (e_up h i Hv Hl Hi) as R1.
    rewrite Hl in R0. replace (pred T) with (T - 1)%nat in R0 by lia. lra.
  - intros h i Hv Hl Hi. rewrite Sq. pose proof (e_up h i Hv Hl Hi). unfold e at 2. change (V [] i) with 0.
    rewrite Rplus_0_r. lra.
Qed.

(* v_t is at most G^2 times the sum of the weights *)
Lemma summed_squares_up (mass : nat -> R) : mass O = 0 -> (forall t, mass (S t) = lam * mass t + 1) ->
  forall h i, valid n h -> (i < d)%nat -> V h i <= mass (length h) * G².
Proof.
  intros M0 MS h i Hv Hi. induction Hv as [|k h Hk Hv IH].
  - change (V [] i) with 0. simpl. rewrite M0. lra.
  - rewrite V_step. change (length (k :: h)) with (S (length h)). rewrite MS.
    pose proof (gsq_le A k (X h) i Hk Hi). apply Rmult_le_compat_l with (r := lam) in IH; lra.
Qed.
End SummedMomentum.

(* From (theta alpha/rho) S <= B to S/T <= rho B/(theta alpha T). *)
Local Lemma mean_of_sum kappa S B T : 0 < kappa -> 0 < T -> kappa * S <= B -> / T * S <= B / (kappa * T).
Proof.
  intros Hk HT H. apply Rmult_le_reg_l with (kappa * T); [apply Rmult_lt_0_compat; auto|].
  replace (kappa * T * (/ T * S)) with (kappa * S) by (field; lra).
  replace (kappa * T * (B / (kappa * T))) with B by (field; lra). exact H.
Qed.

Theorem adagrad_momentum_rate n p d F gF L Fstar g G eps alpha beta1 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (adagrad_momentum_point g eps alpha beta1 x0) T
  <= adagrad_momentum_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1.
Proof.
  intros A He Ha Hb HT. assert (PT : 0 < INR T) by (apply lt_0_INR; auto). pose proof (sqrt_lt_R0 _ PT) as PsT.
  pose proof (radius_pos eps G He) as PR. pose proof (radius_sq eps G He) as ER. pose proof (Rle_0_sqr G) as HG2.
  assert (B2 : beta1² < 1) by (assert (beta1 * beta1 < 1 * 1) by (apply Rmult_le_0_lt_compat; lra); unfold Rsqr; lra).
  pose proof (sqrt_lt_R0 (1 - beta1²) ltac:(lra)) as Pb.
  assert (Up := summed_squares_up n p d F gF L Fstar g G A eps alpha beta1 1 (fun _ => 1) x0 ltac:(lra) INR eq_refl
    ltac:(intros t; rewrite S_INR; ring)).
  assert (H := summed_momentum_rate n p d F gF L Fstar g G A eps alpha beta1 1 (fun _ => 1) 1 x0 He Ha Hb ltac:(lra)
    ltac:(lra) ltac:(lra) ltac:(intros; lra) ltac:(intros; lra) (radius eps G * sqrt (INR T)) T
    (ln (1 + INR T * G² / eps)) ltac:(apply Rmult_lt_0_compat; auto) HT ltac:(lra)).
  assert (Es : beta1 / sqrt 1 = beta1) by (rewrite sqrt_1; field). rewrite Es in H.
  assert (Et : (1 - beta1) / (1 - beta1) = 1) by (field; lra). rewrite Et in H.
  set (q := sqrt (INR T)) in *. assert (Eq : INR T = q * q) by (symmetry; apply sqrt_sqrt; lra).
  set (s := sqrt (1 - beta1²)) in *. set (N := ln (1 + INR T * G² / eps)) in *.
  apply mean_of_sum with (T := INR T) in H; auto.
  - apply Rle_trans with (1 := H). right. unfold adagrad_momentum_right. fold s N q.
    rewrite (Rsqr_div' (1 - beta1) s). unfold s at 2. rewrite Rsqr_sqrt by lra. rewrite Eq at 1.
    unfold Rsqr in *. field. repeat split; lra.
  - unfold Rdiv. rewrite Rmult_1_l. apply Rmult_lt_0_compat; [auto|]. apply Rinv_0_lt_compat, Rmult_lt_0_compat; auto.
  - intros h i Hv Hl Hi. pose proof (Up h i Hv Hi) as U. apply lt_INR in Hl as Hl'. apply le_INR in Hl. rewrite S_INR in Hl.
    rewrite Rmult_1_l. replace ((1 * (radius eps G * q))²) with (INR T * (eps + G²))
      by (rewrite Eq, <- ER; unfold Rsqr; ring).
    assert (1 <= INR T) by (apply (le_INR 1); lia).
    assert (INR (length h) * G² + G² <= INR T * G²) by (rewrite <- (Rmult_1_l (G²)) at 2;
      rewrite <- Rmult_plus_distr_r; apply Rmult_le_compat_r; lra).
    assert (1 * eps <= INR T * eps) by (apply Rmult_le_compat_r; lra). lra.
  - intros h i Hv Hl Hi. pose proof (Up h i Hv Hi) as U. rewrite Hl in U. rewrite ln_1, Rmult_0_r, Rminus_0_r.
    rewrite <- ln_quot; [|pose proof (e_pos g eps alpha beta1 1 (fun _ => 1) x0 He ltac:(lra) h i); auto | auto].
    apply ln_le_mono.
    + apply Rdiv_lt_0_compat; [|auto]. apply (e_pos g eps alpha beta1 1 (fun _ => 1) x0 He ltac:(lra)).
    + unfold Rdiv. replace (1 + INR T * G² * / eps) with ((eps + INR T * G²) * / eps) by (field; lra).
      apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto | lra].
Qed.

Theorem adam_momentum_rate n p d F gF L Fstar g G eps alpha beta1 beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 -> 0 < beta2 < 1 -> beta1² < beta2 ->
  (0 < T)%nat ->
  mean_squared_gradient n p d gF (adam_momentum_point g eps alpha beta1 beta2 x0) T
  <= adam_momentum_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof.
  intros A He Ha Hb0 Hb2 Hs HT. assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  assert (Hb : 0 <= beta1 < 1).
  { split; [auto|]. apply Rnot_le_lt. intros X. assert (1 * 1 <= beta1 * beta1) by (apply Rmult_le_compat; lra).
    unfold Rsqr in Hs. lra. }
  pose proof (radius_pos eps G He) as PR. pose proof (radius_sq eps G He) as ER. pose proof (Rle_0_sqr G) as HG2.
  set (w := 1 - beta2). assert (Hw : 0 < w) by (unfold w; lra). pose proof (sqrt_lt_R0 _ Hw) as Pw.
  assert (Ew : w = sqrt w * sqrt w) by (symmetry; apply sqrt_sqrt; lra).
  assert (C0 : correction beta2 0 = 0) by (unfold correction; simpl; field; lra).
  assert (CS := correction_S beta2 Hb2). assert (CL := correction_low beta2 Hb2). assert (CU := correction_up beta2 Hb2).
  assert (CN : forall t, 0 <= correction beta2 t) by (intros [|t]; [lra | pose proof (CL t); lra]).
  set (c := fun t => sqrt (correction beta2 t)).
  assert (Cc : c 0%nat = 0) by (unfold c; rewrite C0; apply sqrt_0).
  assert (Cr : forall t, c t <= c (S t)).
  { intros t. apply sqrt_le_1_alt. unfold correction. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra|].
    simpl. pose proof (pow_01 beta2 t ltac:(lra)). assert (beta2 * beta2 ^ t <= 1 * beta2 ^ t)
      by (apply Rmult_le_compat_r; lra). lra. }
  assert (Cm : forall t, c t <= / sqrt w).
  { intros t. rewrite <- sqrt_inv. apply sqrt_le_1_alt. apply CU. }
  assert (Cf : 0 < c 1%nat) by (apply sqrt_lt_R0; pose proof (CL 0%nat); lra).
  destruct (sigma_range beta1 beta2 Hb ltac:(lra) Hs) as (S1 & S2 & S3). set (sigma := beta1 / sqrt beta2) in *.
  pose proof (sqrt_lt_R0 _ S3) as Ps.
  assert (Up := summed_squares_up n p d F gF L Fstar g G A eps alpha beta1 beta2 c x0 ltac:(lra) (correction beta2) C0 CS).
  assert (H := summed_momentum_rate n p d F gF L Fstar g G A eps alpha beta1 beta2 c (/ sqrt w) x0 He Ha Hb ltac:(lra)
    Hs ltac:(lra) Cr Cm (radius eps G) T (adam_ratios (INR T) G eps beta2) PR HT Cf).
  fold sigma in H. rewrite Cc in H. set (N := adam_ratios (INR T) G eps beta2) in *.
  set (theta := (1 - beta1) / (1 - sigma)) in *.
  assert (Pt : 0 < theta) by (apply Rmult_lt_0_compat; [lra | apply Rinv_0_lt_compat; lra]).
  apply mean_of_sum with (T := INR T) in H; auto.
  - apply Rle_trans with (1 := H). unfold adam_momentum_right. fold w sigma N. cbv zeta. fold theta.
    set (r := sigma / (1 - sigma)) in *. set (mu := (1 - beta1) / sqrt (1 - sigma²)) in *.
    set (first := r * G * (alpha * mu) * (/ sqrt w / 2)).
    set (second := L / 2 * (r * (1 + r)) * (alpha² * mu²) * ((/ sqrt w)² / 4)).
    assert (Pfirst : 0 <= INR d * first).
    { destruct d as [|d']; [simpl; lra|]. apply Rmult_le_pos; [apply pos_INR|]. unfold first.
      assert (HG : 0 <= G) by (apply (G_nonneg A); lia).
      assert (Pr : 0 <= r) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
      assert (Pmu : 0 <= mu) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
      apply Rmult_le_pos; [|left; apply Rdiv_lt_0_compat; [apply Rinv_0_lt_compat; auto | lra]].
      apply Rmult_le_pos; apply Rmult_le_pos; lra. }
    apply Rle_trans with ((F x0 - Fstar + INR d * ((2 / 5 * theta * alpha * / sqrt w * G
      + L / 2 * (1 + 3 * r) * (theta * (alpha * / sqrt w))²) * N + (first + second) * (N + 4)))
      / (theta * alpha / radius eps G * INR T)).
    + apply Rmult_le_compat_r.
      * left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; [|auto].
        apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat; auto | apply Rinv_0_lt_compat; auto].
      * replace (r * G * (alpha * mu) * (/ sqrt w - 0)) with (2 * first) by (unfold first; field; lra).
        replace (L / 2 * (r * (1 + r)) * (alpha² * mu²) * (/ sqrt w - 0)²) with (4 * second)
          by (unfold second; rewrite Rminus_0_r; field). lra.
    + right. unfold first, second, r, mu, theta. rewrite (Rsqr_div' (1 - beta1) (sqrt (1 - sigma²))), Rsqr_sqrt by lra.
      rewrite (sqrt_mult (1 - sigma²) w) by lra.
      set (s := sqrt (1 - sigma²)) in *. set (v := sqrt w) in *. clear - PT PR Ha Hb Ew Pw S1 S3 Ps.
      clearbody s v N sigma w. rewrite Ew. unfold Rsqr in *. field. repeat split; lra.
  - apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat; auto | apply Rinv_0_lt_compat; auto].
  - intros h i Hv Hl Hi. pose proof (Up h i Hv Hi) as U.
    assert (E : (c (S (length h)) * radius eps G)² = (beta2 * correction beta2 (length h) + 1) * (eps + G²)).
    { unfold c. rewrite Rsqr_mult, Rsqr_sqrt by apply CN. rewrite CS, <- ER. unfold Rsqr. ring. }
    rewrite E. apply Rmult_le_compat_l with (r := beta2) in U; [|lra].
    assert (0 <= beta2 * correction beta2 (length h) * eps)
      by (apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply CN] | lra]). lra.
  - intros h i Hv Hl Hi. pose proof (Up h i Hv Hi) as U. pose proof (CU (length h)) as CUh. fold w in CUh.
    unfold N, adam_ratios. rewrite minus_INR by lia. simpl (INR 1). fold w.
    pose proof (e_pos g eps alpha beta1 beta2 c x0 He ltac:(lra) h i) as Pe.
    assert (K : ln (eps + snd (snd (summed_momentum g eps alpha beta1 beta2 c x0 h)) i) - ln eps <= ln (1 + G² / (w * eps))).
    { rewrite <- ln_quot by auto. apply ln_le_mono; [apply Rdiv_lt_0_compat; auto|].
      replace (1 + G² / (w * eps)) with ((eps + / w * G²) * / eps) by (field; lra). unfold Rdiv.
      apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto|].
      apply Rmult_le_compat_r with (r := G²) in CUh; [lra | auto]. }
    lra.
Qed.
