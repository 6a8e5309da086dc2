(* T7: step sizes that never grow, any momentum; eta_t may depend on g_t in any way, r = beta1/(1-beta1):
     sum_t E sum_i eta_{t-1,i} (d_iF(x_{t-1}))^2
       <= D0 + G^2/(1-beta1) sum_i eta_{0,i} + L r^2 G^2 sum_i eta_{0,i}^2 + (L/2)(3+r^2) E sum_t |eta_t g_t|^2.
   With eta_t = alpha/sqrt(b_t), b_0 = eps, b_t <= max(t,1) root^2 and sum_t g_t^2/b_t <= Q: monotone_rate.

   Proof: along every path the potential
     F(z) + sum_i [ (1+r) G^2 eta_i + L r^2 G^2 eta_i^2 + (L/2) r^2 (1+r) (eta_i m_i)^2 ] - (L/2)(3+r^2) sum |eta g|^2
   falls by sum_i eta_{t-1,i} d_iF(x_{t-1}) g_{t,i} at least. *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums Expectation Smoothness Setting DecreasingWeights Paths DecoupledRate MomentumShift.
Import ListNotations.
Local Open Scope R_scope.

(* One coordinate of one step: e >= e' are the step sizes, mu the old momentum, y the gradient, f = d_iF(x),
   s' the square of the new move. *)
Lemma coordinate_step L G r e e' mu y f s' : 0 <= L -> 0 <= r -> 0 <= e' <= e -> Rabs mu <= G -> Rabs y <= G -> Rabs f
    <= G ->
  (1 + r) * s' <= r * (e * mu)² + (e' * y)² ->
  r * G * Rabs ((e - e') * mu) - f * (e' * y) + L / 2 * (r * ((e - e') * mu) - e' * y)²
    + L / 2 * (r² * (e * mu)² + (e' * y)²)
    + ((1 + r) * G² * e' + L * r² * G² * e'² + L / 2 * r² * ((1 + r) * s'))
  <= (1 + r) * G² * e + L * r² * G² * e² + L / 2 * r² * ((1 + r) * (e * mu)²)
     + L / 2 * (3 + r²) * (e' * y)² - e * (f * y).
Proof.
  intros HL Hr He Hm Hy Hf Hs.
  assert (HG : 0 <= G) by (apply Rle_trans with (2 := Hm), Rabs_pos).
  assert (K1 : r * G * Rabs ((e - e') * mu) <= r * G² * (e - e')).
  { rewrite Rabs_mult, (Rabs_right (e - e')) by lra.
    replace (r * G² * (e - e')) with (r * G * ((e - e') * G)) by (unfold Rsqr; ring).
    apply Rmult_le_compat_l; [apply Rmult_le_pos; auto | apply Rmult_le_compat_l; lra]. }
  assert (Hmu : mu² <= G²) by (apply Rsqr_le_abs_1; rewrite (Rabs_right G); lra).
  assert (K2 : ((e - e') * mu)² <= G² * (e² - e'²)).
  { rewrite Rsqr_mult. apply Rle_trans with ((e - e')² * G²); [apply Rmult_le_compat_l; [apply Rle_0_sqr | auto]|].
    rewrite Rmult_comm. apply Rmult_le_compat_l; [apply Rle_0_sqr|].
    assert (0 <= e' * (e - e')) by (apply Rmult_le_pos; lra). unfold Rsqr. lra. }
  assert (K3 : (r * ((e - e') * mu) - e' * y)² <= 2 * (e' * y)² + 2 * r² * (G² * (e² - e'²))).
  { pose proof (Rle_0_sqr (r * ((e - e') * mu) + e' * y)) as S.
    apply Rmult_le_compat_l with (r := r²) in K2; [|apply Rle_0_sqr]. unfold Rsqr in *. lra. }
  assert (K4 : f * y <= G²).
  { apply Rle_trans with (1 := Rle_abs _). rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos. }
  assert (K5 : (e - e') * (f * y) <= (e - e') * G²) by (apply Rmult_le_compat_l; lra).
  apply Rmult_le_compat_l with (r := L / 2) in K3; [|lra].
  apply Rmult_le_compat_l with (r := L / 2 * r²) in Hs; [|apply Rmult_le_pos; [lra | apply Rle_0_sqr]].
  replace (f * (e' * y)) with (e * (f * y) - (e - e') * (f * y)) by ring.
  replace (L / 2 * r² * (r * (e * mu)² + (e' * y)²))
    with (L / 2 * r² * ((1 + r) * (e * mu)²) - L / 2 * r² * (e * mu)² + L / 2 * r² * (e' * y)²) in Hs by ring.
  lra.
Qed.

Section MonotoneSteps.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (T : nat) (beta1 : R) (x m eta : hist -> vec).
Hypothesis M : momentum_method n T d g beta1 x m eta.

Let r := momentum_ratio beta1.
Let z := shifted beta1 x m eta.
Let u := gradient_step g x eta.
Let C := L / 2 * (3 + r²).
Let reserve (h : hist) (i : nat) := (1 + r) * G² * eta h i + L * r² * G² * (eta h i)² + L / 2 * r² * ((1
    + r) * (move m eta h i)²).
Let Psi h := F (z h) + sum d (reserve h) - C * path_sum (fun k h => sqn d (u k h)) h.

Local Lemma path_step k h : within n T (k :: h) ->
  Psi (k :: h) <= Psi h - sum d (fun i => eta h i * (gF (x h) i * g k (x h) i)).
Proof.
  intros Hw. destruct (within_tail _ _ _ _ Hw) as (Hh & Hk & Hl).
  pose proof (L_nonneg_of A) as L_low. assert (r_low : 0 <= r) by apply (r_nonneg M).
  pose (X := L / 2 * (r² * sqn d (move m eta h) + sqn d (u k h))).
  assert (D : F (z (k :: h)) <= F (z h) + X + sum d (fun i => r * G * Rabs (drift m eta k h i) - gF (x h) i * u k h i
                + L / 2 * (r * drift m eta k h i - u k h i)²)).
  { pose proof (sqn_nonneg d (move m eta h)) as Q0. pose proof (sqn_nonneg d (u k h)) as U0.
    assert (R0 : 0 <= r² * sqn d (move m eta h)) by (apply Rmult_le_pos; [apply Rle_0_sqr | auto]).
    apply (shifted_descent A M).
    - unfold X. apply Rmult_le_pos; lra.
    - fold r u. unfold X. set (a := r² * sqn d (move m eta h)) in *. set (c := sqn d (u k h)) in *.
      assert (0 <= L² * (a - c)²) by (apply Rmult_le_pos; apply Rle_0_sqr). unfold Rsqr in *. lra. }
  unfold Psi. cbn [path_sum].
  set (rest := fun i => r * G * Rabs (drift m eta k h i) - gF (x h) i * u k h i
                + L / 2 * (r * drift m eta k h i - u k h i)²) in D.
  assert (S : sum d rest + X + sum d (reserve (k :: h))
              <= sum d (reserve h) + C * sqn d (u k h) - sum d (fun i => eta h i * (gF (x h) i * g k (x h) i))).
  { unfold X, sqn. repeat first [rewrite <- sum_scal | rewrite <- sum_plus | rewrite <- sum_minus].
    apply sum_le; intros i Hi. unfold rest, reserve, C, u, gradient_step, drift, move.
    apply coordinate_step; auto.
    - split; [apply (eta_nonneg M) | apply (eta_falls M)]; auto.
    - apply (momentum_bnd A M); auto. apply Hh.
    - apply (g_bnd A); auto.
    - apply (grad_bnd A); auto.
    - apply (move_step M k h i Hw Hi). }
  lra.
Qed.

Local Lemma mean_step h : valid n h -> (length h < T)%nat ->
  Ex n p (fun k => Psi (k :: h)) <= Psi h - sum d (fun i => eta h i * (gF (x h) i)²).
Proof.
  intros Hv Hl. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1.
  apply Rle_trans with (Ex n p (fun k => Psi h - sum d (fun i => eta h i * (gF (x h) i * g k (x h) i)))).
  { apply Ex_le; auto. intros k Hk. apply path_step. split; [constructor; auto | simpl; lia]. }
  rewrite Ex_minus, Ex_const, Ex_sum by auto. apply Rplus_le_compat_l, Ropp_le_contravar. right.
  apply sum_ext; intros i Hi. rewrite Ex_scal, Ex_scal, (g_unbiased A) by auto. reflexivity.
Qed.

Local Lemma steps_in :
  sum T (fun t => Exp n p t (fun h => sum d (fun i => eta h i * (gF (x h) i)²)) [])
  <= F (x []) - Fstar + G² / (1 - beta1) * sum d (eta [])
     + L * (momentum_ratio beta1)² * G² * sum d (fun i => (eta [] i)²)
     + L / 2 * (3 + (momentum_ratio beta1)²)
       * Exp n p T (path_sum (fun k h => sqn d (fun i => eta (k :: h) i * g k (x h) i))) [].
Proof.
  pose proof (p_pos A) as Pp. pose proof (p_one A) as P1.
  pose proof (potential_telescope n p Pp T Psi _ mean_step) as H.
  pose proof (L_nonneg_of A) as L_low. assert (r_low : 0 <= r) by apply (r_nonneg M).
  assert (B : Exp n p T (fun h => Fstar - C * path_sum (fun k h => sqn d (u k h)) h) [] <= Exp n p T Psi []).
  { apply Exp_le; [auto | constructor |]. intros h Hv Hl. unfold Psi.
    pose proof (F_low A (z h)).
    assert (0 <= sum d (reserve h)); [|lra]. apply sum_nonneg; intros i Hi. unfold reserve.
    assert (0 <= eta h i) by (apply (eta_nonneg M); auto; split; [auto | simpl in Hl; lia]).
    repeat apply Rplus_le_le_0_compat; nonneg. }
  rewrite Exp_lin, Exp_const in B by auto.
  replace (Psi []) with (F (x []) + (G² / (1 - beta1) * sum d (eta [])
      + L * r² * G² * sum d (fun i => (eta [] i)²))) in H.
  { fold r. unfold C, u, gradient_step in B. lra. }
  unfold Psi. cbn [path_sum]. unfold z. rewrite (shifted_start M), Rmult_0_r, Rminus_0_r.
  f_equal. rewrite <- !sum_scal, <- sum_plus. apply sum_ext; intros i _. unfold reserve, move.
  rewrite (m_start M), Rmult_0_r, Rsqr_0.
  assert (Hr := r_plus_1 M). fold r in Hr.
  destruct (beta1_range M) as [B1 B2].
  replace (G² / (1 - beta1)) with ((1 + r) * G²); [ring|].
  apply Rmult_eq_reg_r with (1 - beta1); [|lra].
  replace ((1 + r) * G² * (1 - beta1)) with ((1 + r) * (1 - beta1) * G²) by ring. rewrite Hr. field; lra.
Qed.
End MonotoneSteps.

Theorem monotone_steps n p d F gF L Fstar g G T beta1 x m eta :
  assumptions n p d F gF L Fstar g G -> momentum_method n T d g beta1 x m eta ->
  sum T (fun t => Exp n p t (fun h => sum d (fun i => eta h i * (gF (x h) i)²)) [])
  <= F (x []) - Fstar + G² / (1 - beta1) * sum d (eta [])
     + L * (momentum_ratio beta1)² * G² * sum d (fun i => (eta [] i)²)
     + L / 2 * (3 + (momentum_ratio beta1)²)
       * Exp n p T (path_sum (fun k h => sqn d (fun i => eta (k :: h) i * g k (x h) i))) [].
Proof. intros A M. exact (steps_in n p d F gF L Fstar g G A T beta1 x m eta M). Qed.

Arguments monotone_steps {n p d F gF L Fstar g G T beta1 x m eta}.

(* The right side, for sums of ratios below Q and b_t <= max(t,1) root^2. *)
Definition monotone_bound (root Q T d D0 L G eps alpha beta1 : R) : R :=
  root / (alpha * sqrt T) * (D0 + alpha * d * G² / ((1 - beta1) * sqrt eps)
    + L * (momentum_ratio beta1)² * alpha² * d * G² / eps
    + L / 2 * (3 + (momentum_ratio beta1)²) * alpha² * (d * Q)).

Section Rate.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (T : nat) (alpha beta1 eps root Q : R) (x m b : hist -> vec).
Hypothesis M : adaptive_method n T d g alpha beta1 x m b.
Hypothesis root_pos : 0 < root.
Hypothesis b_eps : forall i, (i < d)%nat -> b [] i = eps.
Hypothesis eps_pos : 0 < eps.
Hypothesis b_up : forall h i, within n T h -> (i < d)%nat -> b h i <= INR (Nat.max 1 (length h)) * root².
Hypothesis ratios : forall h i, within n T h -> length h = T -> (i < d)%nat -> path_sum (added_ratio g x b i) h <= Q.

Lemma monotone_rate : (0 < T)%nat -> mean_squared_gradient n p d gF x T
  <= monotone_bound root Q (INR T) (INR d) (F (x []) - Fstar) L G eps alpha beta1.
Proof.
  intros HT. pose proof (alpha_pos M) as Pa. destruct (beta1_01 M) as [B1 B2].
  pose proof (sqrt_lt_R0 _ (lt_0_INR T HT)) as PT. pose proof (sqrt_lt_R0 _ eps_pos) as Pe.
  pose proof (L_nonneg_of A) as HL. pose proof (Rle_0_sqr alpha) as Ha2.
  set (r := momentum_ratio beta1). pose proof (Rle_0_sqr r) as Hr2.
  pose proof (monotone_steps A (adaptive_is_momentum M)) as H.
  set (N := fun h => sum d (fun i => step_size alpha b h i * (gF (x h) i)²)) in *.
  set (B := F (x []) - Fstar + (alpha * INR d * G² / ((1 - beta1) * sqrt eps)
              + L * r² * alpha² * INR d * G² / eps + L / 2 * (3 + r²) * alpha² * (INR d * Q))).
  replace (monotone_bound root Q (INR T) (INR d) (F (x []) - Fstar) L G eps alpha beta1)
    with (B / (alpha / root * sqrt (INR T))) by (unfold B, monotone_bound; fold r; field; lra).
  apply (rate_from_sum n p d F gF L Fstar g G A x T N); auto; [apply Rdiv_lt_0_compat; auto | |].
  - intros h Hv Hl. unfold N, sqn. rewrite <- sum_scal. apply sum_le; intros i Hi.
    apply Rmult_le_compat_r; [apply Rle_0_sqr|]. unfold step_size.
    assert (Hw : within n T h) by (split; [auto | lia]). pose proof (denominator_pos M h i Hw Hi) as Pb.
    pose proof (sqrt_lt_R0 _ (INR_S_pos (length h))) as Ps.
    replace (alpha / root / sqrt (INR (S (length h))))
        with (alpha / (root * sqrt (INR (S (length h))))) by (field; lra).
    apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; [apply sqrt_lt_R0; auto|].
    rewrite <- (sqrt_Rsqr root), <- sqrt_mult_alt by (lra || apply Rle_0_sqr). apply sqrt_le_1_alt.
    apply Rle_trans with (1 := b_up h i Hw Hi). rewrite Rmult_comm. apply Rmult_le_compat_l; [apply Rle_0_sqr|].
    apply le_INR. lia.
  - apply Rle_trans with (1 := H). unfold B. rewrite !Rplus_assoc. apply Rplus_le_compat_l. fold r.
    apply Rplus_le_compat; [right|apply Rplus_le_compat; [right|]].
    + replace (sum d (step_size alpha b [])) with (INR d * (alpha / sqrt eps)).
      * field; lra.
      * rewrite <- sum_const. apply sum_ext; intros i Hi. unfold step_size. rewrite b_eps; auto.
    + replace (sum d (fun i => (step_size alpha b [] i)²)) with (INR d * (alpha² / eps)).
      * field; lra.
      * rewrite <- sum_const. apply sum_ext; intros i Hi. unfold step_size. rewrite b_eps by auto.
        rewrite Rsqr_div', Rsqr_sqrt by lra. reflexivity.
    + rewrite (Rmult_assoc (L / 2 * (3 + r²))). apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|].
      apply Exp_le_const; try apply A. intros h Hw Hl.
      assert (E : forall h, within n T h -> path_sum (fun k h => sqn d (fun i => step_size alpha b (k :: h) i * g k (x
          h) i)) h
                  = alpha² * sum d (fun i => path_sum (added_ratio g x b i) h)).
      { clear h Hw Hl. induction h as [|k h IH]; intros Hw.
        - simpl. replace (sum d (fun _ => 0)) with 0; [ring|]. rewrite sum_const; ring.
        - cbn [path_sum]. rewrite IH by apply (within_tail _ _ _ _ Hw). rewrite sum_plus, Rmult_plus_distr_l. f_equal.
          unfold sqn. rewrite <- sum_scal. apply sum_ext; intros i Hi. unfold step_size, added_ratio.
          pose proof (denominator_pos M _ i Hw Hi) as Pb. pose proof (sqrt_lt_R0 _ Pb) as Ps.
          rewrite <- (sqrt_sqrt (b (k :: h) i)) at 2 by lra. unfold Rsqr. field; lra. }
      rewrite E by auto. apply Rmult_le_compat_l; [auto|]. apply sum_le_const. intros i Hi. apply ratios; auto.
Qed.
End Rate.

Arguments monotone_rate {n p d F gF L Fstar g G} A {T alpha beta1} eps root Q {x m b}.
