(* T7log: T7 with ln(1/eps) in the place of 1/eps. b_t nondecreasing, b_t >= W g_t^2, eta_t = alpha/sqrt(b_t):
     alpha sum_t E sum_i (d_iF)^2/sqrt(max(b_{t-1,i}, W (d_iF)^2))
       <= D0 + sum_i { [alpha G/(2(1-beta1) sqrt W) + alpha^2 L beta1/(8(1-beta1)^2 W)] E ln(b_{T,i}/b_{0,i})
                       + alpha^2 L (1+2beta1)/(2(1-beta1)) E sum_t g_{t,i}^2/b_{t,i} }.
   Proof: |m_t| <= sqrt(b_t/W), so the potential of MomentumLog falls along every path with mu = 1/sqrt(W); L1log with
   a = b_{t-1} turns what it falls by into the left side. *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm DecreasingWeights Paths.
From Mada Require Import DecouplingAnyDenominator MomentumShift MomentumLog.
Import ListNotations.
Local Open Scope R_scope.

Section MonotoneLog.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (T : nat) (alpha beta1 W : R) (x m b : hist -> vec).
Hypothesis M : adaptive_method n T d g alpha beta1 x m b.
Hypothesis W_pos : 0 < W.
Hypothesis b_floor : forall k h i, within n T (k :: h) -> (i < d)%nat -> W * (g k (x h) i)² <= b (k :: h) i.

Let mu := / sqrt W.
Let known h i := Rmax (b h i) (W * (gF (x h) i)²).
Let cost := alpha * G / (2 * sqrt W).
Let Psi h := log_potential d F L g G alpha beta1 mu x m b h - cost * sum d (fun i => ln (b h i)).

Lemma momentum_below h i : within n T h -> (i < d)%nat -> Rabs (m h i) <= mu * sqrt (b h i).
Proof.
  intros Hw Hi. pose proof (sqrt_lt_R0 _ W_pos) as PW.
  assert (H : W * (m h i)² <= b h i).
  { induction h as [|k h IH].
    - rewrite (moment_start M), Rsqr_0, Rmult_0_r. left. apply (b_start M); auto.
    - destruct (within_tail _ _ _ _ Hw) as (Hh & _). specialize (IH Hh). pose proof (b_floor k h i Hw Hi) as Hg.
      pose proof (b_grows M k h i Hw Hi). destruct (beta1_01 M) as [B1 B2]. rewrite (moment_step M).
      pose proof (square_average beta1 (m h i) (g k (x h) i) ltac:(lra)) as C.
      apply Rmult_le_compat_l with (r := W) in C; [|lra]. apply Rle_trans with (1 := C).
      apply Rle_trans with (beta1 * b (k :: h) i + (1 - beta1) * b (k :: h) i); [|right; ring].
      apply Rle_trans with (beta1 * (W * (m h i)²) + (1 - beta1) * (W * (g k (x h) i)²)); [right; ring|].
      apply Rplus_le_compat; apply Rmult_le_compat_l; lra. }
  apply Rmult_le_reg_l with (sqrt W); [auto|]. unfold mu. rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l by lra.
  rewrite <- (sqrt_Rsqr_abs (m h i)), <- sqrt_mult_alt by lra. apply sqrt_le_1_alt; auto.
Qed.

Local Lemma mean_step h : valid n h -> (length h < T)%nat ->
  Ex n p (fun k => Psi (k :: h)) <= Psi h - alpha * sum d (fun i => (gF (x h) i)² / sqrt (known h i)).
Proof.
  intros Hv Hl. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1. pose proof (alpha_pos M) as Pa.
  pose proof (sqrt_lt_R0 _ W_pos) as PW.
  assert (Hw : within n T h) by (split; [auto | lia]).
  assert (Hs : forall k, (k < n)%nat -> within n T (k :: h)) by (intros k Hk; split; [constructor; auto | simpl; lia]).
  apply Rle_trans with (Ex n p (fun k => Psi h - alpha * sum d (fun i => gF (x h) i * g k (x h) i / sqrt (b (k :: h) i)
                                             + G / (2 * sqrt W) * ln (b (k :: h) i / b h i)))).
  { apply Ex_le; auto. intros k Hk. pose proof (log_path_step A mu M momentum_below k h (Hs k Hk)) as H.
    assert (E : sum d (fun i => gF (x h) i * g k (x h) i / sqrt (b (k :: h) i)
        + G / (2 * sqrt W) * ln (b (k :: h) i / b h i))
                = sum d (fun i => gF (x h) i * g k (x h) i / sqrt (b (k :: h) i))
                  + G / (2 * sqrt W) * (sum d (fun i => ln (b (k :: h) i)) - sum d (fun i => ln (b h i)))).
    { rewrite <- sum_minus, <- sum_scal, <- sum_plus. apply sum_ext; intros i Hi.
      rewrite ln_quot; [reflexivity | |]; apply (denominator_pos M); auto. }
    rewrite E. unfold Psi. replace cost with (alpha * (G / (2 * sqrt W))) by (unfold cost; field; lra).
    rewrite Rmult_plus_distr_l. rewrite (Rmult_assoc alpha). lra. }
  rewrite Ex_minus, Ex_const, Ex_scal, Ex_sum by auto. apply Rplus_le_compat_l, Ropp_le_contravar.
  apply Rmult_le_compat_l; [lra|]. apply sum_le; intros i Hi.
  rewrite Ex_plus, Ex_scal.
  assert (H := decoupling_half n p (fun k => b (k :: h) i) (b h i) W G Pp P1 (denominator_pos M h i Hw Hi) W_pos
                 (fun k Hk => b_grows M k h i (Hs k Hk) Hi) (fun k => g k (x h) i)).
  rewrite (g_unbiased A) in H by auto. apply H.
  - intros k Hk. apply (g_bnd A); auto.
  - intros k Hk. apply b_floor; auto.
Qed.

Local Lemma log_in :
  alpha * sum T (fun t => Exp n p t (fun h => sum d (fun i => (gF (x h) i)² / sqrt (Rmax (b h i) (W * (gF (x h)
      i)²)))) [])
  <= F (x []) - Fstar + sum d (fun i =>
       (alpha * G / (2 * (1 - beta1) * sqrt W) + alpha² * L * beta1 / (8 * (1 - beta1)² * W))
         * Exp n p T (fun h => ln (b h i / b [] i)) []
       + alpha² * L * (1 + 2 * beta1) / (2 * (1 - beta1)) * Exp n p T (path_sum (added_ratio g x b i)) []).
Proof.
  pose proof (p_pos A) as Pp. pose proof (p_one A) as P1. destruct (beta1_01 M) as [B1 B2].
  pose proof (sqrt_lt_R0 _ W_pos) as PW.
  pose proof (potential_telescope n p Pp T Psi _ mean_step) as H.
  set (C1 := alpha * G / (2 * (1 - beta1) * sqrt W) + alpha² * L * beta1 / (8 * (1 - beta1)² * W)).
  set (C2 := alpha² * L * (1 + 2 * beta1) / (2 * (1 - beta1))).
  assert (E1 : growth_cost L G alpha beta1 mu + cost = C1).
  { unfold growth_cost, cost, C1, mu, momentum_ratio. rewrite Rsqr_inv', Rsqr_sqrt by lra. unfold Rsqr. field; lra. }
  assert (E2 : ratio_cost L alpha beta1 = C2) by (unfold ratio_cost, C2, momentum_ratio; field; lra).
  assert (B : Exp n p T (fun h => Fstar - C1 * sum d (fun i => ln (b [] i))
                - 1 * sum d (fun i => C1 * ln (b h i / b [] i) + C2 * path_sum (added_ratio g x b i) h)) []
              <= Exp n p T Psi []).
  { apply Exp_le; [auto | constructor |]. intros h Hv Hl. simpl in Hl.
    assert (Hw : within n T h) by (split; [auto | lia]).
    pose proof (log_potential_low A mu M h Hw) as Hlow. rewrite E2 in Hlow. unfold Psi. rewrite <- E1.
    replace (sum d (fun i => (growth_cost L G alpha beta1 mu + cost) * ln (b h i / b [] i)
        + C2 * path_sum (added_ratio g x b i) h))
      with ((growth_cost L G alpha beta1 mu + cost) * (sum d (fun i => ln (b h i)) - sum d (fun i => ln (b [] i)))
            + C2 * sum d (fun i => path_sum (added_ratio g x b i) h)); [lra|].
    rewrite <- sum_minus, <- !sum_scal, <- sum_plus. apply sum_ext; intros i Hi.
    rewrite ln_quot; [reflexivity | |]; apply (denominator_pos M); auto. split; [constructor | simpl; lia]. }
  rewrite Exp_lin, Exp_const, Exp_sum in B by auto.
  replace (sum d (fun i => Exp n p T (fun h => C1 * ln (b h i / b [] i) + C2 * path_sum (added_ratio g x b i) h) []))
    with (sum d (fun i => C1 * Exp n p T (fun h => ln (b h i / b [] i)) []
        + C2 * Exp n p T (path_sum (added_ratio g x b i)) [])) in B.
  2:{ apply sum_ext; intros i _. rewrite Exp_plus, !Exp_scal. reflexivity. }
  assert (E3 : Psi [] = F (x []) - C1 * sum d (fun i => ln (b [] i)))
    by (unfold Psi; rewrite (log_potential_start F L G mu M), <- E1; ring).
  rewrite E3 in H. rewrite <- sum_scal.
  replace (sum T (fun t => alpha * Exp n p t (fun h => sum d (fun i => (gF (x h) i)² / sqrt (Rmax (b h i) (W * (gF (x
      h) i)²)))) []))
    with (sum T (fun t => Exp n p t (fun h => alpha * sum d (fun i => (gF (x h) i)² / sqrt (known h i))) [])).
  2:{ apply sum_ext; intros t _. rewrite Exp_scal. reflexivity. }
  lra.
Qed.
End MonotoneLog.

Theorem monotone_log n p d F gF L Fstar g G T alpha beta1 W x m b :
  assumptions n p d F gF L Fstar g G -> adaptive_method n T d g alpha beta1 x m b -> 0 < W ->
  (forall k h i, within n T (k :: h) -> (i < d)%nat -> W * (g k (x h) i)² <= b (k :: h) i) ->
  alpha * sum T (fun t => Exp n p t (fun h => sum d (fun i => (gF (x h) i)² / sqrt (Rmax (b h i) (W * (gF (x h)
      i)²)))) [])
  <= F (x []) - Fstar + sum d (fun i =>
       (alpha * G / (2 * (1 - beta1) * sqrt W) + alpha² * L * beta1 / (8 * (1 - beta1)² * W))
         * Exp n p T (fun h => ln (b h i / b [] i)) []
       + alpha² * L * (1 + 2 * beta1) / (2 * (1 - beta1)) * Exp n p T (path_sum (added_ratio g x b i)) []).
Proof. intros A M HW Hb. exact (log_in n p d F gF L Fstar g G A T alpha beta1 W x m b M HW Hb). Qed.

(* Coefficients that momentum costs where m^2 <= size b/W, and the coefficient of sum g^2/b. *)
Definition growth_weight (W size L G alpha beta1 : R) : R :=
  momentum_ratio beta1 * G * alpha * sqrt size / (2 * sqrt W)
  + L * momentum_ratio beta1 * (1 + momentum_ratio beta1) * alpha² * size / (8 * W).
Definition ratio_weight (L alpha beta1 : R) : R := alpha² * L * (1 + 2 * beta1) / (2 * (1 - beta1)).
Definition monotone_log_bound (root W Q T d D0 L G eps alpha beta1 : R) : R :=
  root / (alpha * sqrt T) * (D0 + alpha * G / (2 * sqrt W) * (d * ln (T * root² / eps))
    + growth_weight W 1 L G alpha beta1 * (d * ln (T * root² / eps)) + ratio_weight L alpha beta1 * (d * Q)).

Section Rate.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (T : nat) (alpha beta1 eps root W Q : R) (x m b : hist -> vec).
Hypothesis M : adaptive_method n T d g alpha beta1 x m b.
Hypothesis W_pos : 0 < W.
Hypothesis b_floor : forall k h i, within n T (k :: h) -> (i < d)%nat -> W * (g k (x h) i)² <= b (k :: h) i.
Hypothesis root_pos : 0 < root.
Hypothesis W_root : W * G² <= root².
Hypothesis b_eps : forall i, (i < d)%nat -> b [] i = eps.
Hypothesis eps_pos : 0 < eps.
Hypothesis b_up : forall h i, within n T h -> (i < d)%nat -> b h i <= INR (Nat.max 1 (length h)) * root².
Hypothesis ratios : forall h i, within n T h -> length h = T -> (i < d)%nat -> path_sum (added_ratio g x b i) h <= Q.

Lemma monotone_log_rate : (0 < T)%nat -> mean_squared_gradient n p d gF x T
  <= monotone_log_bound root W Q (INR T) (INR d) (F (x []) - Fstar) L G eps alpha beta1.
Proof.
  intros HT. pose proof (alpha_pos M) as Pa. destruct (beta1_01 M) as [B1 B2].
  pose proof (lt_0_INR T HT) as PT'. pose proof (sqrt_lt_R0 _ PT') as PT. pose proof (sqrt_lt_R0 _ W_pos) as PW.
  pose proof (L_nonneg_of A) as HL. pose proof (Rle_0_sqr alpha) as Ha2. pose proof (Rlt_0_sqr root ltac:(lra)) as Hr2.
  pose proof (monotone_log n p d F gF L Fstar g G T alpha beta1 W x m b A M W_pos b_floor) as H.
  set (known := fun h i => Rmax (b h i) (W * (gF (x h) i)²)).
  set (N := fun h => sum d (fun i => (gF (x h) i)² / sqrt (known h i))).
  set (C1 := alpha * G / (2 * (1 - beta1) * sqrt W) + alpha² * L * beta1 / (8 * (1 - beta1)² * W)) in *.
  set (C2 := alpha² * L * (1 + 2 * beta1) / (2 * (1 - beta1))) in *.
  set (lg := ln (INR T * root² / eps)).
  set (B := F (x []) - Fstar + INR d * (C1 * lg + C2 * Q)).
  replace (monotone_log_bound root W Q (INR T) (INR d) (F (x []) - Fstar) L G eps alpha beta1)
    with (B / alpha / (/ root * sqrt (INR T))).
  2:{ unfold B, monotone_log_bound, growth_weight, ratio_weight, momentum_ratio. fold lg. rewrite sqrt_1.
      unfold C1, C2, Rsqr. field; lra. }
  assert (HB : alpha * sum T (fun t => Exp n p t N []) <= B).
  { apply Rle_trans with (1 := H). apply Rplus_le_compat_l, sum_le_const. intros i Hi.
    assert (HG : 0 <= G) by (apply (G_nonneg A); lia).
    apply Rplus_le_compat; apply Rmult_le_compat_l.
    - unfold C1. apply Rplus_le_le_0_compat; apply Rmult_le_pos; try (left; apply Rinv_0_lt_compat);
        repeat apply Rmult_le_pos; repeat apply Rmult_lt_0_compat; try lra; apply Rlt_0_sqr; lra.
    - apply Exp_le_const; try apply A. intros h Hw Hl.
      pose proof (b_above_start M h i Hw Hi) as Hb. rewrite b_eps in * by auto. unfold lg.
      apply ln_le_mono; [apply Rdiv_lt_0_compat; lra|].
      apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto|].
      replace T with (Nat.max 1 (length h)) by lia. apply b_up; auto.
    - unfold C2. apply Rmult_le_pos; [|left; apply Rinv_0_lt_compat; lra]. repeat apply Rmult_le_pos; lra.
    - apply Exp_le_const; try apply A. intros h Hw Hl. apply ratios; auto. }
  apply (rate_from_sum n p d F gF L Fstar g G A x T N); auto; [apply Rinv_0_lt_compat; auto | |].
  - intros h Hv Hl. unfold N, sqn. rewrite <- sum_scal. apply sum_le; intros i Hi.
    rewrite Rmult_comm. apply Rmult_le_compat_l; [apply Rle_0_sqr|].
    assert (Hw : within n T h) by (split; [auto | lia]). pose proof (denominator_pos M h i Hw Hi) as Pb.
    pose proof (INR_S_pos (length h)) as Ps'. pose proof (sqrt_lt_R0 _ Ps') as Ps.
    replace (/ root / sqrt (INR (S (length h)))) with (/ (root * sqrt (INR (S (length h))))) by (field; lra).
    apply Rinv_le_contravar; [apply sqrt_lt_R0, Rlt_le_trans with (1 := Pb), Rmax_l|].
    rewrite <- (sqrt_Rsqr root), <- sqrt_mult_alt by (lra || apply Rle_0_sqr). apply sqrt_le_1_alt.
    rewrite Rmult_comm. apply Rmax_lub.
    + apply Rle_trans with (1 := b_up h i Hw Hi). apply Rmult_le_compat_r; [lra|]. apply le_INR. lia.
    + apply Rle_trans with (1 * root²).
      * rewrite Rmult_1_l. apply Rle_trans with (2 := W_root). apply Rmult_le_compat_l; [lra|].
        pose proof (grad_bnd A (x h) i Hi) as Hg. apply Rsqr_le_abs_1. rewrite (Rabs_right G); [auto|].
        apply Rle_ge, Rle_trans with (2 := Hg), Rabs_pos.
      * apply Rmult_le_compat_r; [lra|]. rewrite S_INR. pose proof (pos_INR (length h)). lra.
  - apply Rmult_le_reg_l with alpha; [auto|]. replace (alpha * (B / alpha)) with B by (field; lra). auto.
Qed.
End Rate.

Arguments monotone_log_rate {n p d F gF L Fstar g G} A {T alpha beta1} eps root W Q {x m b}.
