(* Adam with momentum on the cyclic losses of Divergence.v: it diverges for every beta1 < sqrt(beta2) if the period is
   long, and such a period exists. *)
From Coq Require Import Reals Lra Lia Psatz Arith.
From Mada Require Import Sums DecreasingWeights AVGradWeights Regret Divergence DivergenceOnline.
Local Open Scope R_scope.

(* From the age J on the moment v has forgotten C and m is below -1/2; what is left of the period brings x back. *)
Definition long_period (eps beta1 beta2 C : R) (P J : nat) : Prop :=
  (J < P)%nat /\ beta1 ^ J * (C + 1) <= 1 / 2 /\ eps + beta2 ^ J * C² <= 5 / 4
  /\ 3 * reach beta1 beta2 * sqrt (INR P) <= INR P - INR J.

Section LongPeriod.
Variables (alpha eps beta1 beta2 C x0 : R) (P J : nat).
Hypothesis alpha_pos : 0 < alpha.
Hypothesis eps_nonneg : 0 <= eps.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis beta2_01 : 0 < beta2 < 1.
Hypothesis beta1_beta2 : beta1 < sqrt beta2.
Hypothesis C_one : 1 <= C.
Hypothesis x0_in : -1 <= x0 <= 1.
Hypothesis H : long_period eps beta1 beta2 C P J.
Let g := cyclic P C.
Let y := fun s => (g s)².
Let a := root_steps alpha.
Let move := adam_move a eps beta1 beta2 g.
Let x := walk move x0.
Let s := sqrt beta2.
Let gam := beta1 / s.

Local Lemma P_pos : (0 < P)%nat.
Proof. destruct H. lia. Qed.
Local Lemma s_pos : 0 < s.
Proof. apply sqrt_lt_R0. lra. Qed.
Local Lemma gam_01 : 0 <= gam < 1.
Proof.
  pose proof s_pos. unfold gam. split; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]|].
  apply Rmult_lt_reg_r with s; [auto|]. replace (beta1 / s * s) with beta1 by (field; lra).
  fold s in beta1_beta2. lra.
Qed.
Local Lemma y_up t : y t <= C².
Proof. unfold y, g, cyclic. destruct (Nat.eq_dec _ _); unfold Rsqr; nra. Qed.
Local Lemma y_nonneg t : 0 <= y t.
Proof. apply Rle_0_sqr. Qed.
Local Lemma v_pos t : 0 < eps + v beta2 y (S t).
Proof.
  pose proof (v_nonneg beta2 y t ltac:(lra) y_nonneg).
  assert (1 <= y t). { unfold y, g, cyclic. destruct (Nat.eq_dec _ _); unfold Rsqr; nra. }
  cbn [v]. nra.
Qed.

(* The moments at age j. *)
Local Lemma m_up n : v beta1 g (n * P) <= 0 -> forall j, (j < P)%nat ->
  v beta1 g (S (n * P + j)) <= (1 - beta1) * beta1 ^ j * C - (1 - beta1 ^ j).
Proof.
  intros H0. induction j as [|j IH]; intros Hj.
  - rewrite Nat.add_0_r. cbn [v]. unfold g at 2. rewrite cyclic_first by apply P_pos. simpl. nra.
  - replace (n * P + S j)%nat with (S (n * P + j)) by lia. cbn [v]. fold (v beta1 g (S (n * P + j))).
    change (beta1 * v beta1 g (S (n * P + j)) + (1 - beta1) * g (S (n * P + j))
            <= (1 - beta1) * beta1 ^ S j * C - (1 - beta1 ^ S j)).
    replace (S (n * P + j)) with (n * P + S j)%nat at 2 by lia.
    unfold g at 2. rewrite cyclic_else by lia.
    pose proof (Rmult_le_compat_l beta1 _ _ ltac:(lra) (IH ltac:(lia))) as K. simpl pow. lra.
Qed.

Local Lemma v_low n j : (j < P)%nat -> (1 - beta2) * beta2 ^ j * C² <= v beta2 y (S (n * P + j)).
Proof.
  induction j as [|j IH]; intros Hj.
  - rewrite Nat.add_0_r. cbn [v]. unfold y at 2, g. rewrite cyclic_first by apply P_pos.
    pose proof (v_nonneg beta2 y (n * P) ltac:(lra) y_nonneg). simpl. unfold Rsqr in *. nra.
  - replace (n * P + S j)%nat with (S (n * P + j)) by lia.
    change ((1 - beta2) * beta2 ^ S j * C²
            <= beta2 * v beta2 y (S (n * P + j)) + (1 - beta2) * y (S (n * P + j))).
    pose proof (Rmult_le_compat_l beta2 _ _ ltac:(lra) (IH ltac:(lia))) as K.
    pose proof (Rmult_le_pos (1 - beta2) _ ltac:(lra) (y_nonneg (S (n * P + j)))). simpl pow. lra.
Qed.

Local Lemma v_high n j : (j < P)%nat -> v beta2 y (S (n * P + j)) <= beta2 ^ j * C² + 1.
Proof.
  induction j as [|j IH]; intros Hj.
  - apply Rle_trans with (C²); [apply v_up; [lra | apply Rle_0_sqr | apply y_up] | simpl; lra].
  - replace (n * P + S j)%nat with (S (n * P + j)) by lia.
    change (beta2 * v beta2 y (S (n * P + j)) + (1 - beta2) * y (S (n * P + j)) <= beta2 ^ S j * C² + 1).
    assert (E : y (S (n * P + j)) = 1).
    { unfold y, g. replace (S (n * P + j)) with (n * P + S j)%nat by lia. rewrite cyclic_else by lia.
      unfold Rsqr. ring. }
    rewrite E. pose proof (Rmult_le_compat_l beta2 _ _ ltac:(lra) (IH ltac:(lia))) as K. simpl pow. lra.
Qed.

Local Lemma late_m j : (J <= j)%nat -> (1 - beta1) * beta1 ^ j * C - (1 - beta1 ^ j) <= - (1 / 2).
Proof.
  intros Hj. destruct H as [_ [F _]].
  pose proof (pow_decreasing beta1 J j ltac:(lra) Hj). pose proof (pow_01 beta1 j ltac:(lra)).
  assert (beta1 ^ j * (C + 1) <= 1 / 2) by nra. assert (0 <= beta1 * (beta1 ^ j * C)); [|lra].
  repeat apply Rmult_le_pos; lra.
Qed.

Local Lemma m_end n : v beta1 g (n * P) <= 0.
Proof.
  induction n as [|n IH]; [simpl; lra|]. pose proof P_pos.
  replace (S n * P)%nat with (S (n * P + (P - 1))) by lia.
  apply Rle_trans with (1 := m_up n IH (P - 1) ltac:(lia)). destruct H as [F _].
  pose proof (late_m (P - 1) ltac:(lia)). lra.
Qed.

Let kap := (1 - beta1) / sqrt (1 - beta2).
Let e (n j : nat) : R := if lt_dec j J then a (n * P)%nat * (kap * gam ^ j) else - (a (n * P + (P - 1))%nat / 3).

Local Lemma kap_pos : 0 < kap.
Proof. apply Rdiv_lt_0_compat; [lra | apply sqrt_lt_R0; lra]. Qed.

Local Lemma a_pos t : 0 < a t.
Proof. apply root_steps_pos. auto. Qed.

Local Lemma move_e n j : (j < P)%nat -> move (n * P + j)%nat <= e n j.
Proof.
  intros Hj. unfold move, adam_move. fold y. pose proof (sqrt_lt_R0 _ (v_pos (n * P + j))) as Q.
  pose proof (m_up n (m_end n) j Hj) as M. set (V := sqrt (eps + v beta2 y (S (n * P + j)))) in *.
  pose proof (a_pos (n * P + j)) as A. unfold e. destruct (lt_dec j J) as [E | E].
  - assert (A' : a (n * P + j)%nat <= a (n * P)%nat) by (apply root_steps_mono; [auto | lia]).
    pose proof (pow_le beta1 j ltac:(lra)) as B1. pose proof (pow_01 beta1 j ltac:(lra)) as B1'.
    pose proof (pow_lt s j s_pos) as S1. pose proof kap_pos as K. pose proof (pow_le gam j ltac:(apply gam_01)) as G.
    apply Rle_trans with (a (n * P + j)%nat * (kap * gam ^ j)).
    2:{ apply Rmult_le_compat_r; [apply Rmult_le_pos; lra | auto]. }
    apply Rmult_le_compat_l; [lra|].
    assert (W : 0 < sqrt (1 - beta2)) by (apply sqrt_lt_R0; lra).
    assert (L : sqrt (1 - beta2) * s ^ j * C <= V).
    { unfold V. apply Rsqr_incr_0_var; [|apply sqrt_pos]. rewrite Rsqr_sqrt by (left; apply v_pos).
      apply Rle_trans with (v beta2 y (S (n * P + j))); [|lra]. apply Rle_trans with (2 := v_low n j Hj). right.
      rewrite !Rsqr_mult, Rsqr_sqrt by lra. f_equal. f_equal. unfold Rsqr. rewrite <- Rpow_mult_distr.
      unfold s. rewrite sqrt_sqrt by lra. reflexivity. }
    apply Rmult_le_reg_r with V; [auto|].
    replace (v beta1 g (S (n * P + j)) / V * V) with (v beta1 g (S (n * P + j))) by (field; lra).
    apply Rle_trans with (kap * gam ^ j * (sqrt (1 - beta2) * s ^ j * C)).
    2:{ apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | auto]. }
    apply Rle_trans with ((1 - beta1) * beta1 ^ j * C); [lra|]. right.
    replace (beta1 ^ j) with (gam ^ j * s ^ j).
    + unfold kap. field. lra.
    + rewrite <- Rpow_mult_distr. f_equal. unfold gam. pose proof s_pos. field. lra.
  - assert (A' : a (n * P + (P - 1))%nat <= a (n * P + j)%nat) by (apply root_steps_mono; [auto | lia]).
    pose proof (late_m j ltac:(lia)) as M'. destruct H as [_ [_ [F _]]].
    assert (V32 : V <= 3 / 2).
    { unfold V. apply Rle_trans with (sqrt ((3 / 2)²)); [|rewrite sqrt_Rsqr; lra]. apply sqrt_le_1_alt.
      pose proof (v_high n j Hj). pose proof (pow_decreasing beta2 J j ltac:(lra) ltac:(lia)).
      assert (beta2 ^ j * C² <= beta2 ^ J * C²) by (apply Rmult_le_compat_r; [apply Rle_0_sqr | auto]).
      unfold Rsqr at 1. lra. }
    assert (D : v beta1 g (S (n * P + j)) / V <= - (1 / 3)).
    { apply Rmult_le_reg_r with V; [auto|].
      replace (v beta1 g (S (n * P + j)) / V * V) with (v beta1 g (S (n * P + j))) by (field; lra). lra. }
    nra.
Qed.

Local Lemma geometric k : sum k (fun j => gam ^ j) <= / (1 - gam).
Proof.
  pose proof gam_01. assert (sum k (fun j => gam ^ j) = (1 - gam ^ k) / (1 - gam)).
  { induction k as [|k IH]; [simpl; field; lra|]. rewrite sum_S, IH. simpl. field. lra. }
  rewrite H1. pose proof (pow_le gam k ltac:(lra)). unfold Rdiv. rewrite <- (Rmult_1_l (/ (1 - gam))) at 2.
  apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat|]; lra.
Qed.

Local Lemma reach_is : reach beta1 beta2 = kap * / (1 - gam).
Proof.
  unfold reach, kap, gam, s. pose proof gam_01 as G. unfold gam, s in G.
  pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)). pose proof (sqrt_lt_R0 beta2 ltac:(lra)). field.
  repeat split; try lra; nra.
Qed.

Local Lemma down_sum n : sum J (e n) <= a (n * P)%nat * reach beta1 beta2.
Proof.
  rewrite reach_is. rewrite (sum_ext J (e n) (fun j => a (n * P)%nat * kap * gam ^ j)).
  2:{ intros j Hj. unfold e. destruct (lt_dec j J); [ring | lia]. }
  rewrite sum_scal. rewrite Rmult_assoc. pose proof (a_pos (n * P)). pose proof kap_pos.
  apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_l; [lra | apply geometric].
Qed.

Local Lemma e_sum n : sum P (e n) <= 0.
Proof.
  destruct H as [HJ [_ [_ F]]]. replace P with (J + (P - J))%nat at 1 by lia. rewrite sum_split.
  rewrite (sum_ext (P - J) _ (fun _ => - (a (n * P + (P - 1))%nat / 3))).
  2:{ intros j Hj. unfold e. destruct (lt_dec (J + j) J); [lia | reflexivity]. }
  rewrite sum_const, minus_INR by lia. pose proof (down_sum n) as D. pose proof (a_pos (n * P + (P - 1))) as A.
  pose proof (a_pos (n * P)) as A0. pose proof P_pos as PP.
  assert (Q : a (n * P)%nat <= a (n * P + (P - 1))%nat * sqrt (INR P)).
  { unfold a, root_steps. pose proof (INR_S_pos (n * P)) as I0. pose proof (INR_S_pos (n * P + (P - 1))) as I1.
    pose proof (sqrt_lt_R0 _ I0). pose proof (sqrt_lt_R0 _ I1).
    assert (L : sqrt (INR (S (n * P + (P - 1)))) <= sqrt (INR P) * sqrt (INR (S (n * P)))).
    { rewrite <- sqrt_mult_alt by apply pos_INR. apply sqrt_le_1_alt. rewrite <- mult_INR. apply le_INR. nia. }
    apply Rmult_le_reg_r with (sqrt (INR (S (n * P))) * sqrt (INR (S (n * P + (P - 1))))); [nra|].
    replace (alpha / sqrt (INR (S (n * P))) * (sqrt (INR (S (n * P))) * sqrt (INR (S (n * P + (P - 1))))))
      with (alpha * sqrt (INR (S (n * P + (P - 1))))) by (field; lra).
    replace (alpha / sqrt (INR (S (n * P + (P - 1)))) * sqrt (INR P)
             * (sqrt (INR (S (n * P))) * sqrt (INR (S (n * P + (P - 1))))))
      with (alpha * (sqrt (INR P) * sqrt (INR (S (n * P))))) by (field; lra).
    apply Rmult_le_compat_l; lra. }
  assert (R0 : 0 <= reach beta1 beta2).
  { rewrite reach_is. pose proof kap_pos. pose proof gam_01. left. apply Rmult_lt_0_compat; [auto|].
    apply Rinv_0_lt_compat. lra. }
  pose proof (Rmult_le_compat_r _ _ _ R0 Q) as Z.
  pose proof (Rmult_le_compat_l _ _ _ (Rlt_le _ _ A) F) as Z'. lra.
Qed.

Local Lemma e_down n j : (j < J)%nat -> 0 <= e n j.
Proof.
  intros Hj. unfold e. destruct (lt_dec j J); [|lia]. pose proof (a_pos (n * P)). pose proof kap_pos.
  pose proof (pow_le gam j ltac:(apply gam_01)). apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; lra.
Qed.

Local Lemma e_up n j : (J <= j < P)%nat -> e n j <= 0.
Proof. intros Hj. unfold e. destruct (lt_dec j J); [lia|]. pose proof (a_pos (n * P + (P - 1))). lra. Qed.

Local Lemma J_P : (J <= P)%nat.
Proof. destruct H. lia. Qed.

Theorem long_period_end n : x0 <= x (n * P)%nat.
Proof. exact (periods_end P J move e x0 J_P x0_in move_e e_down e_up e_sum n). Qed.

Theorem long_period_inside n j : (j <= P)%nat -> x0 - x (n * P + j)%nat <= a (n * P)%nat * reach beta1 beta2.
Proof.
  intros Hj. pose proof (periods_inside P J move e x0 J_P x0_in move_e e_down e_up e_sum n j Hj) as K.
  fold x in K. pose proof (down_sum n). lra.
Qed.

Theorem long_period_regret : x0 = 1 -> forall n, 2 * INR n * (C - INR P + 1) <= cyclic_regret P C x (n * P).
Proof.
  intros E. apply regret_from_one; [apply P_pos | intros t; apply walk_in; auto|].
  intros n. pose proof (long_period_end n). lra.
Qed.
End LongPeriod.

Theorem long_period_divergence alpha eps beta1 beta2 C x0 P J n j : 0 < alpha -> 0 <= eps -> 0 <= beta1 < 1 ->
  0 < beta2 < 1 -> beta1 < sqrt beta2 -> 1 <= C -> -1 <= x0 <= 1 -> long_period eps beta1 beta2 C P J -> (j <= P)%nat ->
  sqrt (INR (S (n * P))) * (x0 - walk (adam_move (root_steps alpha) eps beta1 beta2 (cyclic P C)) x0 (n * P + j))
  <= alpha * reach beta1 beta2.
Proof.
  intros Ha He H1 H2 H12 HC Hx H Hj. apply from_root_steps.
  exact (long_period_inside alpha eps beta1 beta2 C x0 P J Ha He H1 H2 H12 HC Hx H n j Hj).
Qed.

(* (2J)^2 q^J <= 1/16 for q = (1/(1+h))^4 and J >= 8/h^2. *)
Lemma forgets q : 0 <= q < 1 -> exists N, forall J, (N <= J)%nat -> 16 * ((2 * INR J)² * q ^ J) <= 1.
Proof.
  intros Hq. set (r := sqrt (sqrt q)).
  assert (R1 : 0 <= r < 1).
  { unfold r. split; [apply sqrt_pos|]. rewrite <- sqrt_1. apply sqrt_lt_1_alt. split; [apply sqrt_pos|].
    rewrite <- sqrt_1. apply sqrt_lt_1_alt. lra. }
  assert (E : q = r * r * (r * r)).
  { unfold r. rewrite sqrt_sqrt by apply sqrt_pos. rewrite sqrt_sqrt; lra. }
  destruct (Req_dec r 0) as [Z | NZ].
  { exists 1%nat. intros J HJ. rewrite E, Z. replace (0 * 0 * (0 * 0)) with 0 by ring.
    rewrite pow_ne_zero by lia. lra. }
  set (h := / r - 1). assert (Hh : 0 < h).
  { unfold h. assert (1 < / r); [|lra]. rewrite <- Rinv_1. apply Rinv_lt_contravar; lra. }
  destruct (archimed (8 / (h * h))) as [B _]. exists (Z.to_nat (up (8 / (h * h)))). intros J HJ.
  assert (HB : 8 / (h * h) < INR J).
  { apply Rlt_le_trans with (1 := B). assert (P8 : 0 < 8 / (h * h)) by (apply Rdiv_lt_0_compat; nra).
    assert (0 <= up (8 / (h * h)))%Z by (apply le_IZR; lra).
    rewrite <- (Z2Nat.id (up (8 / (h * h)))) by auto. rewrite <- INR_IZR_INZ. apply le_INR. auto. }
  assert (L : INR J * h * r ^ J <= 1).
  { pose proof (poly J h Hh) as Q. pose proof (pow_lt r J ltac:(lra)) as PJ.
    replace 1 with ((1 + h) ^ J * r ^ J) by (rewrite <- Rpow_mult_distr; unfold h; replace ((1 + (/ r - 1)) * r)
      with 1 by (field; lra); apply pow1).
    apply Rmult_le_compat_r; lra. }
  assert (J0 : 0 < INR J) by (apply Rle_lt_trans with (2 := HB); apply Rlt_le, Rdiv_lt_0_compat; nra).
  pose proof (pow_lt r J ltac:(lra)) as PJ. set (z := r ^ J) in *.
  rewrite E, !Rpow_mult_distr. fold z.
  assert (B2 : 8 < INR J * (h * h)).
  { apply Rmult_lt_reg_r with (/ (h * h)); [apply Rinv_0_lt_compat; nra|].
    replace (INR J * (h * h) * / (h * h)) with (INR J) by (field; lra). exact HB. }
  set (k := INR J) in *.
  assert (K2 : (k * h * z) * (k * h * z) <= 1) by (assert (0 <= k * h * z) by (repeat apply Rmult_le_pos; lra); nra).
  assert (K4 : (k * h * z) * (k * h * z) * ((k * h * z) * (k * h * z)) <= 1)
    by (pose proof (Rle_0_sqr (k * h * z)) as S0; unfold Rsqr in S0; nra).
  assert (M : 64 * (k * k * (z * z * (z * z))) <= 1).
  { apply Rle_trans with (2 := K4).
    replace ((k * h * z) * (k * h * z) * ((k * h * z) * (k * h * z)))
      with ((k * (h * h)) * (k * (h * h)) * (k * k * (z * z * (z * z)))) by ring.
    apply Rmult_le_compat_r; [repeat apply Rmult_le_pos; lra | nra]. }
  unfold Rsqr. lra.
Qed.

Theorem long_period_exists eps beta1 beta2 : 0 <= eps <= 1 -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> beta1 < sqrt beta2 ->
  exists P J : nat, (2 <= P)%nat /\ long_period eps beta1 beta2 (INR P) P J.
Proof.
  intros He H1 H2 H12. destruct (forgets beta2 ltac:(lra)) as [N HN].
  set (K := reach beta1 beta2). destruct (archimed (18 * (K * K))) as [B _].
  set (J := (N + Z.to_nat (up (18 * (K * K))) + 2)%nat). exists (2 * J)%nat, J. split; [lia|].
  assert (EP : INR (2 * J) = 2 * INR J) by (rewrite mult_INR; simpl; ring).
  assert (J2 : 2 <= INR J) by (replace 2 with (INR 2) by (simpl; lra); apply le_INR; lia).
  pose proof (HN J ltac:(lia)) as F.
  unfold long_period. rewrite EP. split; [lia|]. split; [|split].
  - (* (beta1^J 2J)^2 <= beta2^J (2J)^2 <= 1/16 *)
    assert (B1 : beta1 ^ J * beta1 ^ J <= beta2 ^ J).
    { rewrite <- Rpow_mult_distr. apply pow_incr. split; [nra|]. pose proof (sqrt_sqrt beta2 ltac:(lra)) as S2.
      pose proof (sqrt_lt_R0 beta2 ltac:(lra)). nra. }
    pose proof (pow_le beta1 J ltac:(lra)) as B0. pose proof (pow_01 beta1 J ltac:(lra)).
    assert (Q : beta1 ^ J * (2 * INR J) <= 1 / 4).
    { apply Rsqr_incr_0_var; [|lra]. rewrite Rsqr_mult. unfold Rsqr in *.
      assert (beta1 ^ J * beta1 ^ J * (2 * INR J * (2 * INR J)) <= beta2 ^ J * (2 * INR J * (2 * INR J)))
        by (apply Rmult_le_compat_r; nra). lra. }
    nra.
  - lra.
  - fold K. assert (KB : 18 * (K * K) <= INR J).
    { apply Rle_trans with (IZR (up (18 * (K * K)))); [lra|].
      assert (0 <= up (18 * (K * K)))%Z by (apply le_IZR; nra).
      rewrite <- (Z2Nat.id (up (18 * (K * K)))) by auto. rewrite <- INR_IZR_INZ. apply le_INR. lia. }
    replace (2 * INR J - INR J) with (INR J) by ring.
    destruct (Rle_dec K 0) as [KN | KP].
    { pose proof (sqrt_pos (2 * INR J)). nra. }
    apply Rsqr_incr_0_var; [|lra]. rewrite Rsqr_mult, Rsqr_sqrt by lra. unfold Rsqr. nra.
Qed.

(* For every beta1 < sqrt(beta2) there are losses on which the average regret of Adam does not vanish. *)
Theorem adam_average_regret eps beta1 beta2 alpha :
  0 <= eps <= 1 -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> beta1 < sqrt beta2 -> 0 < alpha ->
  exists P : nat, (2 <= P)%nat /\ forall n, 2 * INR n <= cyclic_regret P (INR P)
    (walk (adam_move (root_steps alpha) eps beta1 beta2 (cyclic P (INR P))) 1) (n * P).
Proof.
  intros He H1 H2 H12 Ha. destruct (long_period_exists eps beta1 beta2 He H1 H2 H12) as [P [J [P2 L]]].
  exists P. split; [auto|]. intros n.
  assert (1 <= INR P) by (replace 1 with (INR 1) by (simpl; lra); apply le_INR; lia).
  pose proof (long_period_regret alpha eps beta1 beta2 (INR P) 1 P J Ha ltac:(lra) H1 H2 H12 ltac:(lra) ltac:(lra) L
    eq_refl n) as R. replace (INR P - INR P + 1) with 1 in R by ring. lra.
Qed.
