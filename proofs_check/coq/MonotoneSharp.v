(* T7': T7 with the least constants of its inequalities, r = beta1/(1-beta1). For every s > 0
     sum_t E sum_i eta_{t-1,i} (d_iF(x_{t-1}))^2 <= D0 + G^2/(1-beta1) sum_i (eta_{0,i} - eta_{T,i})
       + (L/2)(1 + 1/s) r^2 G^2 sum_i (eta_{0,i} - eta_{T,i})^2 + (L/2)(1 + s + 2r) E sum_t |eta_t g_t|^2.
   With eta_t = alpha/sqrt(b_t), b_0 = eps, b_t <= max(t,1) root^2 and sum_t g_t^2/b_t <= Q the best s gives
     (root sqrt(max(T-1,1))/(alpha T)) [D0 + alpha d G^2 k/(1-beta1) + (alpha^2 d L/2)((sqrt Q + r G k)^2 + 2 r Q)],
   k = 1/sqrt(eps) - 1/(root sqrt T). *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums Expectation Smoothness Setting DecreasingWeights Paths DecoupledRate MomentumShift.
Import ListNotations.
Local Open Scope R_scope.

(* One coordinate of one step: e0 >= e >= e' are step sizes, mu the old momentum, y the gradient, f = d_iF(x),
   s' the square of the new move. *)
Lemma coordinate_sharp_step L G r s e0 e e' mu y f s' : 0 <= L -> 0 <= r -> 0 < s -> 0 <= e' <= e -> e <= e0 ->
  Rabs mu <= G -> Rabs y <= G -> Rabs f <= G -> (1 + r) * s' <= r * (e * mu)² + (e' * y)² ->
  r * G * Rabs ((e - e') * mu) - f * (e' * y) + L / 2 * (r * ((e - e') * mu) - e' * y)²
    + L / 2 * r * ((e * mu)² + (e' * y)²)
    + ((1 + r) * G² * e' - L / 2 * (1 + / s) * r² * G² * (e0 - e')² + L / 2 * r * ((1 + r) * s'))
  <= (1 + r) * G² * e - L / 2 * (1 + / s) * r² * G² * (e0 - e)² + L / 2 * r * ((1 + r) * (e * mu)²)
     + L / 2 * (1 + s + 2 * r) * (e' * y)² - e * (f * y).
Proof.
  intros HL Hr Ps He He0 Hm Hy Hf Hs. assert (Is : 0 < / s) by (apply Rinv_0_lt_compat; auto).
  assert (HG : 0 <= G) by (apply Rle_trans with (2 := Hm), Rabs_pos).
  assert (K1 : r * G * Rabs ((e - e') * mu) <= r * G² * (e - e')).
  { rewrite Rabs_mult, (Rabs_right (e - e')) by lra.
    replace (r * G² * (e - e')) with (r * G * ((e - e') * G)) by (unfold Rsqr; ring).
    apply Rmult_le_compat_l; [apply Rmult_le_pos; auto | apply Rmult_le_compat_l; lra]. }
  assert (Hmu : mu² <= G²) by (apply Rsqr_le_abs_1; rewrite (Rabs_right G); lra).
  assert (K2 : ((e - e') * mu)² <= G² * ((e0 - e')² - (e0 - e)²)).
  { rewrite Rsqr_mult. apply Rle_trans with ((e - e')² * G²); [apply Rmult_le_compat_l; [apply Rle_0_sqr | auto]|].
    rewrite Rmult_comm. apply Rmult_le_compat_l; [apply Rle_0_sqr|].
    assert (0 <= (e0 - e) * (e - e')) by (apply Rmult_le_pos; lra). unfold Rsqr. lra. }
  assert (K3 : (r * ((e - e') * mu) - e' * y)²
               <= (1 + s) * (e' * y)² + (1 + / s) * r² * (G² * ((e0 - e')² - (e0 - e)²))).
  { set (a := (e - e') * mu) in *. set (b := e' * y) in *.
    assert (E : (1 + s) * b² + (1 + / s) * r² * a² - (r * a - b)² = / s * (r * a + s * b)²)
      by (unfold Rsqr; field; lra).
    assert (0 <= / s * (r * a + s * b)²) by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]).
    apply Rmult_le_compat_l with (r := (1 + / s) * r²) in K2; [lra|]. apply Rmult_le_pos; [lra | apply Rle_0_sqr]. }
  assert (K4 : f * y <= G²).
  { apply Rle_trans with (1 := Rle_abs _). rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos. }
  assert (K5 : (e - e') * (f * y) <= (e - e') * G²) by (apply Rmult_le_compat_l; lra).
  apply Rmult_le_compat_l with (r := L / 2) in K3; [|lra].
  apply Rmult_le_compat_l with (r := L / 2 * r) in Hs; [|apply Rmult_le_pos; lra].
  replace (f * (e' * y)) with (e * (f * y) - (e - e') * (f * y)) by ring.
  lra.
Qed.

(* The best s: inf over s > 0 of (1+s) a^2 + (1+1/s) b^2 is (a+b)^2. *)
Lemma best_weight X K a b : 0 <= K -> 0 <= a -> 0 <= b ->
  (forall s, 0 < s -> X <= K * ((1 + s) * a² + (1 + / s) * b²)) -> X <= K * (a + b)².
Proof.
  intros HK Ha Hb H. apply le_epsilon. intros e He.
  set (h := e / (2 * K * (a + b) + 1)).
  assert (P : 0 < 2 * K * (a + b) + 1) by (assert (0 <= 2 * K * (a + b)) by (apply Rmult_le_pos; lra); lra).
  assert (Ph : 0 < h) by (apply Rdiv_lt_0_compat; auto).
  specialize (H ((b + h) / (a + h)) ltac:(apply Rdiv_lt_0_compat; lra)). apply Rle_trans with (1 := H).
  assert (E1 : (1 + (b + h) / (a + h)) * a² <= a * (a + b + 2 * h)).
  { apply Rmult_le_reg_r with (a + h); [lra|].
    replace ((1 + (b + h) / (a + h)) * a² * (a + h)) with (a * (a + b + 2 * h) * a) by (unfold Rsqr; field; lra).
    apply Rmult_le_compat_l; [apply Rmult_le_pos|]; lra. }
  assert (E2 : (1 + / ((b + h) / (a + h))) * b² <= b * (a + b + 2 * h)).
  { apply Rmult_le_reg_r with (b + h); [lra|].
    replace ((1 + / ((b + h) / (a + h))) * b² * (b + h)) with (b * (a + b + 2 * h) * b) by (unfold Rsqr; field; lra).
    apply Rmult_le_compat_l; [apply Rmult_le_pos|]; lra. }
  assert (E : (1 + (b + h) / (a + h)) * a² + (1 + / ((b + h) / (a + h))) * b² <= (a + b)² + 2 * (a + b) * h)
    by (unfold Rsqr in *; lra).
  apply Rmult_le_compat_l with (r := K) in E; [|auto]. apply Rle_trans with (1 := E).
  rewrite Rmult_plus_distr_l. apply Rplus_le_compat_l.
  replace (K * (2 * (a + b) * h)) with (e * (2 * K * (a + b) / (2 * K * (a + b) + 1))) by (unfold h; field; lra).
  rewrite <- (Rmult_1_r e) at 2. apply Rmult_le_compat_l; [lra|].
  apply Rmult_le_reg_r with (2 * K * (a + b) + 1); [auto|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra.
Qed.

(* The right side, for sums of ratios below Q and b_t <= max(t,1) root^2. *)
Definition monotone_sharp_bound (root Q T d D0 L G eps alpha beta1 : R) : R :=
  let r := momentum_ratio beta1 in
  let k := 1 / sqrt eps - 1 / (root * sqrt T) in
  root * sqrt (Rmax (T - 1) 1) / (alpha * T) * (D0 + alpha * d * G² * k / (1 - beta1)
    + alpha² * d * L / 2 * ((sqrt Q + r * G * k)² + 2 * r * Q)).

Section Sharp.
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

Let eta := step_size alpha b.
Let first := alpha / sqrt eps.
Let r := momentum_ratio beta1.
Let z := shifted beta1 x m eta.
Let u := gradient_step g x eta.
Let MM : momentum_method n T d g beta1 x m eta := adaptive_is_momentum M.

Section Weight.
Variable s : R.
Hypothesis s_pos : 0 < s.

Let on_ratios := L / 2 * (1 + s + 2 * r) * alpha².
Let on_drift := L / 2 * (1 + / s) * r² * G².
Let reserve (h : hist) (i : nat) :=
  (1 + r) * G² * eta h i - on_drift * (first - eta h i)² + L / 2 * r * ((1 + r) * (move m eta h i)²).
Let Psi h := F (z h) + sum d (reserve h) - on_ratios * path_sum (fun k h => sum d (fun i => added_ratio g x b i k h)) h.

Local Lemma below_first h i : within n T h -> (i < d)%nat -> 0 <= eta h i <= first.
Proof.
  intros Hw Hi. split; [apply (eta_nonneg MM); auto|]. pose proof (b_above_start M h i Hw Hi) as B.
  rewrite b_eps in B by auto. pose proof (alpha_pos M). unfold eta, step_size, first.
  apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; [apply sqrt_lt_R0; auto | apply sqrt_le_1_alt; auto].
Qed.

Local Lemma step_squared k h i : within n T (k :: h) -> (i < d)%nat -> (u k h i)² = alpha² * added_ratio g x b i k h.
Proof.
  intros Hw Hi. pose proof (denominator_pos M _ i Hw Hi) as Pb. pose proof (sqrt_lt_R0 _ Pb).
  unfold u, gradient_step, eta, step_size, added_ratio. rewrite <- (sqrt_sqrt (b (k :: h) i)) at 2 by lra.
  unfold Rsqr. field; lra.
Qed.

Local Lemma path_step k h : within n T (k :: h) ->
  Psi (k :: h) <= Psi h - sum d (fun i => eta h i * (gF (x h) i * g k (x h) i)).
Proof.
  intros Hw. destruct (within_tail _ _ _ _ Hw) as (Hh & Hk & Hl).
  pose proof (L_nonneg_of A) as L_low. assert (r_low : 0 <= r) by apply (r_nonneg MM).
  pose (X := L / 2 * r * (sqn d (move m eta h) + sqn d (u k h))).
  assert (D : F (z (k :: h)) <= F (z h) + X + sum d (fun i => r * G * Rabs (drift m eta k h i) - gF (x h) i * u k h i
                + L / 2 * (r * drift m eta k h i - u k h i)²)).
  { pose proof (sqn_nonneg d (move m eta h)) as Q0. pose proof (sqn_nonneg d (u k h)) as U0.
    apply (shifted_descent A MM).
    - unfold X. apply Rmult_le_pos; [apply Rmult_le_pos|]; lra.
    - fold r u. unfold X. set (a := sqn d (move m eta h)) in *. set (c := sqn d (u k h)) in *.
      assert (0 <= L² * (r² * (a - c)²)) by nonneg. unfold Rsqr in *. lra. }
  set (rest := fun i => r * G * Rabs (drift m eta k h i) - gF (x h) i * u k h i
                + L / 2 * (r * drift m eta k h i - u k h i)²) in D.
  assert (S : sum d rest + X + sum d (reserve (k :: h))
              <= sum d (reserve h) + on_ratios * sum d (fun i => added_ratio g x b i k h)
                 - sum d (fun i => eta h i * (gF (x h) i * g k (x h) i))).
  { unfold X, sqn. repeat first [rewrite <- sum_scal | rewrite <- sum_plus | rewrite <- sum_minus].
    apply sum_le; intros i Hi. unfold rest, reserve, on_ratios.
    replace (L / 2 * (1 + s + 2 * r) * alpha² * added_ratio g x b i k h) with (L / 2 * (1 + s + 2 * r) * (u k h i)²)
      by (rewrite step_squared by auto; ring).
    unfold on_drift, u, gradient_step, drift, move.
    apply coordinate_sharp_step; auto.
    - split; [apply (eta_nonneg MM) | apply (eta_falls MM)]; auto.
    - apply below_first; auto.
    - apply (momentum_bnd A MM); auto. apply Hh.
    - apply (g_bnd A); auto.
    - apply (grad_bnd A); auto.
    - apply (move_step MM k h i Hw Hi). }
  unfold Psi. cbn [path_sum]. lra.
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

Let k := 1 / sqrt eps - 1 / (root * sqrt (INR T)).

Lemma weighted_steps : (0 < T)%nat ->
  sum T (fun t => Exp n p t (fun h => sum d (fun i => eta h i * (gF (x h) i)²)) [])
  <= F (x []) - Fstar + INR d * ((1 + r) * G² * (alpha * k)
       + L / 2 * ((1 + / s) * r² * G² * (alpha * k)² + (1 + s + 2 * r) * alpha² * Q)).
Proof.
  intros HT. pose proof (p_pos A) as Pp. pose proof (p_one A) as P1.
  pose proof (potential_telescope n p Pp T Psi _ mean_step) as H.
  pose proof (L_nonneg_of A) as L_low. assert (r_low : 0 <= r) by apply (r_nonneg MM). pose proof (alpha_pos M) as Pa.
  assert (Is : 0 < / s) by (apply Rinv_0_lt_compat; auto). pose proof (Rle_0_sqr G) as HG2.
  pose proof (Rle_0_sqr r) as Hr2. pose proof (Rle_0_sqr alpha) as Ha2.
  assert (PT : 0 < INR T) by (apply lt_0_INR; auto). pose proof (sqrt_lt_R0 _ PT) as PsT.
  pose proof (sqrt_lt_R0 _ eps_pos) as Pse.
  assert (Hd : 0 <= on_drift).
  { unfold on_drift. apply Rmult_le_pos; [|auto]. apply Rmult_le_pos; [|auto]. apply Rmult_le_pos; lra. }
  assert (Ho : 0 <= on_ratios) by (unfold on_ratios; apply Rmult_le_pos; [apply Rmult_le_pos|]; lra).
  assert (P0 : Psi [] = F (x []) + INR d * ((1 + r) * G² * first)).
  { unfold Psi. cbn [path_sum]. unfold z. rewrite (shifted_start MM), Rmult_0_r, Rminus_0_r. f_equal.
    rewrite <- sum_const. apply sum_ext; intros i Hi. unfold reserve, move, eta, step_size.
    rewrite (m_start MM), b_eps, Rmult_0_r, Rsqr_0 by auto. fold first. unfold Rminus. rewrite Rplus_opp_r, Rsqr_0. ring. }
  assert (Low : Fstar + INR d * ((1 + r) * G² * first) - INR d * ((1 + r) * G² * (alpha * k) + on_drift * (alpha * k)²
      + on_ratios * Q) <= Exp n p T Psi []).
  { rewrite <- (Exp_const n p P1 T _ []). apply Exp_le; [auto | constructor |]. intros h Hv Hl. simpl in Hl.
    rewrite Nat.add_0_r in Hl. assert (Hw : within n T h) by (split; [auto | lia]).
    assert (Es : path_sum (fun k h => sum d (fun i => added_ratio g x b i k h)) h
                 = sum d (fun i => path_sum (added_ratio g x b i) h)).
    { clear. induction h as [|j h IH]; [simpl; rewrite sum_const; ring|]. cbn [path_sum]. rewrite sum_plus, IH. auto. }
    unfold Psi. rewrite Es. pose proof (F_low A (z h)) as HF.
    assert (S : sum d (fun i => on_ratios * path_sum (added_ratio g x b i) h + ((1 + r) * G² * first - reserve h i))
                <= INR d * ((1 + r) * G² * (alpha * k) + on_drift * (alpha * k)² + on_ratios * Q)).
    { apply sum_le_const. intros i Hi. destruct (below_first h i Hw Hi) as [E0 E1].
      assert (E2 : first - eta h i <= alpha * k).
      { unfold k, first. replace (alpha * (1 / sqrt eps - 1 / (root * sqrt (INR T))))
          with (alpha / sqrt eps - alpha / (root * sqrt (INR T))) by (field; split; lra).
        apply Rplus_le_compat_l, Ropp_le_contravar. unfold eta, step_size. apply Rmult_le_compat_l; [lra|].
        apply Rinv_le_contravar; [apply sqrt_lt_R0, (denominator_pos M); auto|].
        rewrite <- (sqrt_Rsqr root), <- sqrt_mult_alt by (lra || apply Rle_0_sqr). apply sqrt_le_1_alt.
        apply Rle_trans with (1 := b_up h i Hw Hi). rewrite Rmult_comm. apply Rmult_le_compat_l; [apply Rle_0_sqr|].
        apply le_INR. lia. }
      assert (E3 : (first - eta h i)² <= (alpha * k)²) by (apply Rsqr_incr_1; lra).
      pose proof (ratios h i Hw Hl Hi) as E4. apply Rmult_le_compat_l with (r := on_ratios) in E4; [|auto].
      apply Rmult_le_compat_l with (r := on_drift) in E3; [|auto].
      apply Rmult_le_compat_l with (r := (1 + r) * G²) in E2; [|apply Rmult_le_pos; lra].
      unfold reserve. assert (0 <= L / 2 * r * ((1 + r) * (move m eta h i)²)) by nonneg. lra. }
    rewrite sum_plus, sum_scal, sum_minus, sum_const in S. lra. }
  rewrite P0 in H. unfold on_drift, on_ratios in Low. lra.
Qed.
End Weight.

Lemma monotone_sharp_rate : (0 < T)%nat -> mean_squared_gradient n p d gF x T
  <= monotone_sharp_bound root Q (INR T) (INR d) (F (x []) - Fstar) L G eps alpha beta1.
Proof.
  intros HT. pose proof (alpha_pos M) as Pa. destruct (beta1_01 M) as [B1 B2].
  assert (PT : 0 < INR T) by (apply lt_0_INR; auto). pose proof (sqrt_lt_R0 _ PT) as PsT.
  pose proof (sqrt_lt_R0 _ eps_pos) as Pse. pose proof (L_nonneg_of A) as HL.
  assert (r_low : 0 <= r) by apply (r_nonneg MM).
  set (k := 1 / sqrt eps - 1 / (root * sqrt (INR T))).
  set (S := sum T (fun t => Exp n p t (fun h => sum d (fun i => eta h i * (gF (x h) i)²)) [])).
  set (last := sqrt (Rmax (INR T - 1) 1)).
  assert (Pm : 0 < Rmax (INR T - 1) 1) by (apply Rlt_le_trans with (2 := Rmax_r _ _); lra).
  assert (Pl : 0 < last) by (apply sqrt_lt_R0; auto).
  assert (Up : alpha / (root * last) * sum T (squared_gradient n p d gF x) <= S).
  { unfold S. rewrite <- sum_scal. apply sum_le; intros t Ht. unfold squared_gradient. rewrite <- Exp_scal.
    apply Exp_le; [apply A | constructor |]. intros h Hv Hl. simpl in Hl. rewrite Nat.add_0_r in Hl.
    unfold sqn. rewrite <- sum_scal. apply sum_le; intros i Hi. apply Rmult_le_compat_r; [apply Rle_0_sqr|].
    assert (Hw : within n T h) by (split; [auto | lia]). pose proof (denominator_pos M h i Hw Hi) as Pb.
    unfold eta, step_size. apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; [apply sqrt_lt_R0; auto|].
    unfold last. rewrite <- (sqrt_Rsqr root), <- sqrt_mult_alt by (lra || apply Rle_0_sqr). apply sqrt_le_1_alt.
    apply Rle_trans with (1 := b_up h i Hw Hi). rewrite Rmult_comm. apply Rmult_le_compat_l; [apply Rle_0_sqr|].
    apply Nat.max_case.
    - simpl. apply Rmax_r.
    - apply Rle_trans with (2 := Rmax_l _ _). replace (INR T - 1) with (INR (T - 1)) by (rewrite minus_INR by lia; auto).
      apply le_INR. lia. }
  assert (W : S <= F (x []) - Fstar + INR d * ((1 + r) * G² * (alpha * k)
       + alpha² * (L / 2) * ((sqrt Q + r * G * k)² + 2 * r * Q))).
  { destruct (Nat.eq_dec d 0) as [Ed | Ed].
    - pose proof (weighted_steps 1 ltac:(lra) HT) as H. fold k S in H.
      assert (E : INR d = 0) by (rewrite Ed; reflexivity). rewrite E in *. lra.
    - assert (HG : 0 <= G) by (apply (G_nonneg A); lia). assert (Hk : 0 <= k).
      { pose proof (b_up [] 0%nat ltac:(split; [constructor | simpl; lia]) ltac:(lia)) as Hb. rewrite b_eps in Hb by lia.
        simpl in Hb. assert (Hr : sqrt eps <= root).
        { rewrite <- (sqrt_Rsqr root) by lra. apply sqrt_le_1_alt. lra. }
        assert (H1 : 1 <= sqrt (INR T)) by (rewrite <- sqrt_1; apply sqrt_le_1_alt, (le_INR 1); lia).
        assert (root * 1 <= root * sqrt (INR T)) by (apply Rmult_le_compat_l; lra).
        assert (/ (root * sqrt (INR T)) <= / sqrt eps) by (apply Rinv_le_contravar; lra). unfold k, Rdiv. lra. }
      assert (HQ : 0 <= Q).
      { assert (Hw0 : within n T (repeat 0%nat T)).
        { split; [|rewrite repeat_length; lia]. apply Forall_forall. intros j Hj. apply repeat_spec in Hj. subst j.
          eapply draws_positive; eauto. }
        apply Rle_trans with (2 := ratios _ 0%nat Hw0 (repeat_length _ _) ltac:(lia)). revert Hw0.
        generalize (repeat 0%nat T). intros h Hw. induction h as [|j h IH]; [simpl; lra|]. cbn [path_sum].
        apply Rplus_le_le_0_compat; [apply IH, (within_tail _ _ _ _ Hw)|]. unfold added_ratio.
        apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat, (denominator_pos M); auto; lia]. }
      assert (HK : 0 <= INR d * (alpha² * (L / 2))).
      { apply Rmult_le_pos; [apply pos_INR | apply Rmult_le_pos; [apply Rle_0_sqr | lra]]. }
      assert (Hb : 0 <= r * G * k) by (apply Rmult_le_pos; [apply Rmult_le_pos|]; auto).
      assert (B := best_weight (S - (F (x []) - Fstar) - INR d * ((1 + r) * G² * (alpha * k)
          + alpha² * (L / 2) * (2 * r * Q))) _ _ _ HK (sqrt_pos Q) Hb).
      rewrite Rsqr_sqrt in B by auto. apply Rplus_le_reg_r with (- (F (x []) - Fstar) - INR d * ((1 + r) * G² * (alpha * k)
          + alpha² * (L / 2) * (2 * r * Q))).
      apply Rle_trans with (INR d * (alpha² * (L / 2)) * (sqrt Q + r * G * k)²); [|right; ring].
      apply Rle_trans with (S - (F (x []) - Fstar) - INR d * ((1 + r) * G² * (alpha * k)
          + alpha² * (L / 2) * (2 * r * Q))); [right; ring|]. apply B. intros s Ps.
      pose proof (weighted_steps s Ps HT) as H. fold k S in H.
      replace (INR d * (alpha² * (L / 2)) * ((1 + s) * Q + (1 + / s) * (r * G * k)²)) with
        (INR d * (L / 2 * ((1 + / s) * r² * G² * (alpha * k)² + (1 + s + 2 * r) * alpha² * Q))
          - INR d * (alpha² * (L / 2) * (2 * r * Q))) by (unfold Rsqr; ring). lra. }
  unfold mean_squared_gradient, monotone_sharp_bound. cbv zeta. fold r k last.
  pose proof (r_plus_1 MM) as Hr. fold r in Hr. assert (E1 : 1 + r = / (1 - beta1)).
  { apply Rmult_eq_reg_r with (1 - beta1); [|lra]. rewrite Hr. field. lra. }
  rewrite E1 in W. apply Rmult_le_reg_l with (alpha / (root * last) * INR T).
  { apply Rmult_lt_0_compat; [|auto]. apply Rdiv_lt_0_compat; [auto | apply Rmult_lt_0_compat; auto]. }
  replace (alpha / (root * last) * INR T * (/ INR T * sum T (squared_gradient n p d gF x)))
    with (alpha / (root * last) * sum T (squared_gradient n p d gF x)) by (field; repeat split; lra).
  apply Rle_trans with (1 := Up), Rle_trans with (1 := W). right. field. repeat split; lra.
Qed.
End Sharp.

Arguments monotone_sharp_rate {n p d F gF L Fstar g G} A {T alpha beta1} eps root Q {x m b}.
