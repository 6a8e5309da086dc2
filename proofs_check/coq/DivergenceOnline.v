(* Adam on the cyclic losses of Divergence.v: three steps without momentum, and long periods for every beta1 < sqrt(beta2). *)
From Coq Require Import Reals Lra Lia Psatz Arith.
From Mada Require Import Sums DecreasingWeights AVGradWeights Regret Divergence.
Local Open Scope R_scope.

Lemma div_le x y z : 0 <= x -> 0 < y <= z -> x / z <= x / y.
Proof. intros Hx H. apply Rmult_le_compat_l; [auto|]. apply Rinv_le_contravar; lra. Qed.

Lemma div_sqrt_le x y z : 0 <= x -> 0 < y <= z -> x / sqrt z <= x / sqrt y.
Proof. intros Hx H. apply div_le; [auto|]. split; [apply sqrt_lt_R0; lra | apply sqrt_le_1_alt; lra]. Qed.

Lemma root_steps_pos alpha t : 0 < alpha -> 0 < root_steps alpha t.
Proof. intros H. apply Rdiv_lt_0_compat; [auto|]. apply sqrt_lt_R0, INR_S_pos. Qed.

Lemma root_steps_mono alpha s t : 0 < alpha -> (s <= t)%nat -> root_steps alpha t <= root_steps alpha s.
Proof.
  intros H Hs. apply div_sqrt_le; [lra|]. pose proof (INR_S_pos s). split; [auto|]. apply le_INR. lia.
Qed.

Lemma from_root_steps alpha t z r : z <= root_steps alpha t * r -> sqrt (INR (S t)) * z <= alpha * r.
Proof.
  intros H. pose proof (sqrt_lt_R0 _ (INR_S_pos t)) as P. pose proof (Rmult_le_compat_l _ _ _ (Rlt_le _ _ P) H) as K.
  unfold root_steps in K. replace (alpha * r) with (sqrt (INR (S t)) * (alpha / sqrt (INR (S t)) * r)) by (field; lra).
  exact K.
Qed.

(* v_{t+1} of the squares, one step after a bound. *)
Lemma v_next beta2 y t M : 0 <= beta2 -> v beta2 y t <= M -> v beta2 y (S t) <= beta2 * M + (1 - beta2) * y t.
Proof. intros Hb H. simpl. nra. Qed.

(* Three steps, beta1 = 0: the two steps up outweigh the step down, in the first period and in every later one. *)
Definition three_steps (eps beta2 C : R) : Prop :=
  let w := 1 - beta2 in
  let down := C / sqrt (eps + w * C²) in
  let second := beta2 * C² + w in
  down <= 1 / sqrt 2 / sqrt (eps + w * (beta2 * C² + 1)) + 1 / sqrt 3 / sqrt (eps + w * (beta2 * (beta2 * C² + 1) + 1))
  /\ sqrt 2 * down <= 1 / sqrt (eps + second) + 1 / sqrt (eps + (beta2 * second + w)).

Section ThreeSteps.
Variables (alpha eps beta2 C x0 : R).
Hypothesis alpha_pos : 0 < alpha.
Hypothesis eps_nonneg : 0 <= eps.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis C_two : 2 <= C.
Hypothesis x0_in : -1 <= x0 <= 1.
Hypothesis H3 : three_steps eps beta2 C.
Let g := cyclic 3 C.
Let y := fun s => (g s)².
Let a := root_steps alpha.
Let move := adam_move a eps 0 beta2 g.
Let x := walk move x0.

Local Lemma y_up s : y s <= C².
Proof. unfold y, g, cyclic. destruct (Nat.eq_dec _ _); unfold Rsqr; nra. Qed.
Local Lemma y_nonneg s : 0 <= y s.
Proof. apply Rle_0_sqr. Qed.
Local Lemma g_at n : g (n * 3 + 0)%nat = C /\ g (n * 3 + 1)%nat = -1 /\ g (n * 3 + 2)%nat = -1.
Proof.
  unfold g. rewrite Nat.add_0_r, cyclic_first, (cyclic_else 3 C n 0), (cyclic_else 3 C n 1) by lia. auto.
Qed.
Local Lemma move_at t : move t = a t * (g t / sqrt (eps + v beta2 y (S t))).
Proof. unfold move, adam_move. fold y. do 2 f_equal. simpl. ring. Qed.

Let w := 1 - beta2.
Let down := C / sqrt (eps + w * C²).

Local Lemma w_pos : 0 < w.
Proof. unfold w. lra. Qed.
Local Lemma wC_pos : 0 < w * C².
Proof. apply Rmult_lt_0_compat; [apply w_pos | unfold Rsqr; apply Rmult_lt_0_compat; lra]. Qed.

Local Lemma first_move n : move (n * 3 + 0)%nat <= a (n * 3)%nat * down.
Proof.
  rewrite move_at. destruct (g_at n) as [E _]. rewrite E, Nat.add_0_r.
  apply Rmult_le_compat_l; [left; apply root_steps_pos; auto|]. unfold down. apply div_sqrt_le; [lra|].
  rewrite Nat.add_0_r in E. cbn [v]. unfold y at 2. rewrite E. fold w.
  pose proof (v_nonneg beta2 y (n * 3) ltac:(lra) y_nonneg). pose proof wC_pos.
  pose proof (Rmult_le_pos beta2 _ ltac:(lra) H). split; lra.
Qed.

Local Lemma second_moment n : v beta2 y (S (n * 3 + 1)) <= beta2 * C² + w
  /\ v beta2 y (S (n * 3 + 2)) <= beta2 * (beta2 * C² + w) + w.
Proof.
  destruct (g_at n) as [_ [E1 E2]].
  assert (Y1 : y (n * 3 + 1)%nat = 1) by (unfold y; rewrite E1; unfold Rsqr; ring).
  assert (Y2 : y (n * 3 + 2)%nat = 1) by (unfold y; rewrite E2; unfold Rsqr; ring).
  assert (B0 : v beta2 y (n * 3 + 1) <= C²) by (apply v_up; [lra | apply Rle_0_sqr | apply y_up]).
  pose proof (v_next beta2 y _ _ ltac:(lra) B0) as B1. rewrite Y1 in B1.
  replace (n * 3 + 2)%nat with (S (n * 3 + 1)) in * by lia.
  assert (B1' : v beta2 y (S (n * 3 + 1)) <= beta2 * C² + w) by (unfold w; lra).
  pose proof (v_next beta2 y _ _ ltac:(lra) B1') as B2. rewrite Y2 in B2. unfold w in *. split; lra.
Qed.

Local Lemma v_pos t : 0 < eps + v beta2 y (S t).
Proof.
  pose proof (v_nonneg beta2 y t ltac:(lra) y_nonneg).
  assert (1 <= y t). { unfold y, g, cyclic. destruct (Nat.eq_dec _ _); unfold Rsqr; nra. }
  cbn [v]. nra.
Qed.

Local Lemma up_move n k b V : (k = 1 \/ k = 2)%nat -> 0 < b -> INR (S (n * 3 + k)) <= b² * INR (S (n * 3)) ->
  v beta2 y (S (n * 3 + k)) <= V -> move (n * 3 + k)%nat <= - (a (n * 3)%nat * (1 / b / sqrt (eps + V))).
Proof.
  intros Hk Hb Hi Hv. rewrite move_at.
  assert (E : g (n * 3 + k)%nat = -1) by (destruct (g_at n) as [_ [E1 E2]]; destruct Hk as [K|K]; rewrite K; auto).
  rewrite E. pose proof (v_pos (n * 3 + k)) as P.
  assert (S1 : / sqrt (eps + V) <= / sqrt (eps + v beta2 y (S (n * 3 + k)))).
  { apply Rinv_le_contravar; [apply sqrt_lt_R0; auto | apply sqrt_le_1_alt; lra]. }
  assert (A1 : a (n * 3)%nat * (1 / b) <= a (n * 3 + k)%nat).
  { unfold a, root_steps. pose proof (INR_S_pos (n * 3 + k)). pose proof (INR_S_pos (n * 3)).
    pose proof (sqrt_lt_R0 _ H). pose proof (sqrt_lt_R0 _ H0).
    replace (alpha / sqrt (INR (S (n * 3))) * (1 / b)) with (alpha / (b * sqrt (INR (S (n * 3))))) by (field; lra).
    apply div_le; [lra|]. split; [auto|].
    rewrite <- (sqrt_Rsqr b) by lra. rewrite <- sqrt_mult_alt by apply Rle_0_sqr. apply sqrt_le_1_alt; auto. }
  assert (0 < / sqrt (eps + V)) by (apply Rinv_0_lt_compat, sqrt_lt_R0; lra).
  pose proof (root_steps_pos alpha (n * 3 + k) alpha_pos) as A2. fold a in A2.
  assert (a (n * 3)%nat * (1 / b / sqrt (eps + V)) <= a (n * 3 + k)%nat * / sqrt (eps + v beta2 y (S (n * 3 + k)))).
  { replace (a (n * 3)%nat * (1 / b / sqrt (eps + V))) with (a (n * 3)%nat * (1 / b) * / sqrt (eps + V))
      by (unfold Rdiv; ring).
    apply Rmult_le_compat; [|lra|auto|auto]. apply Rmult_le_pos; [left; apply root_steps_pos; auto|].
    unfold Rdiv. rewrite Rmult_1_l. left. apply Rinv_0_lt_compat; auto. }
  unfold Rdiv in *. lra.
Qed.

Local Lemma three_up n : move (n * 3 + 0)%nat + move (n * 3 + 1)%nat + move (n * 3 + 2)%nat <= 0.
Proof.
  pose proof (first_move n) as M0. pose proof (root_steps_pos alpha (n * 3) alpha_pos) as A. fold a in A.
  pose proof (sqrt_lt_R0 2 ltac:(lra)) as R2. pose proof (sqrt_lt_R0 3 ltac:(lra)) as R3.
  destruct H3 as [F G]. fold w down in F, G. destruct n as [|n].
  - pose proof (up_move 0 1 (sqrt 2) (w * (beta2 * C² + 1)) ltac:(auto) R2
      ltac:(rewrite Rsqr_sqrt by lra; simpl; lra)) as M1.
    pose proof (up_move 0 2 (sqrt 3) (w * (beta2 * (beta2 * C² + 1) + 1)) ltac:(auto) R3
      ltac:(rewrite Rsqr_sqrt by lra; simpl; lra)) as M2.
    destruct (g_at 0) as [E0 [E1 E2]]. simpl in E0, E1, E2.
    assert (V2 : v beta2 y (S (0 * 3 + 1)) = w * (beta2 * C² + 1)).
    { simpl. unfold y. rewrite E0, E1. unfold w, Rsqr. ring. }
    assert (V3 : v beta2 y (S (0 * 3 + 2)) = w * (beta2 * (beta2 * C² + 1) + 1)).
    { simpl. unfold y. rewrite E0, E1, E2. unfold w, Rsqr. ring. }
    specialize (M1 ltac:(lra)). specialize (M2 ltac:(lra)). nra.
  - destruct (second_moment (S n)) as [V2 V3].
    assert (I : 4 <= INR (S (S n * 3))). { replace 4 with (INR 4) by (simpl; lra). apply le_INR. lia. }
    assert (I1 : INR (S (S n * 3 + 1)) <= 2 * INR (S (S n * 3))).
    { replace (S (S n * 3 + 1)) with (S (S n * 3) + 1)%nat by lia. rewrite plus_INR. simpl (INR 1). lra. }
    assert (I2 : INR (S (S n * 3 + 2)) <= 2 * INR (S (S n * 3))).
    { replace (S (S n * 3 + 2)) with (S (S n * 3) + 2)%nat by lia. rewrite plus_INR. simpl (INR 2). lra. }
    pose proof (up_move (S n) 1 (sqrt 2) _ ltac:(auto) R2 ltac:(rewrite Rsqr_sqrt by lra; exact I1) V2) as N1.
    pose proof (up_move (S n) 2 (sqrt 2) _ ltac:(auto) R2 ltac:(rewrite Rsqr_sqrt by lra; exact I2) V3) as N2.
    assert (D : down <= 1 / sqrt 2 / sqrt (eps + (beta2 * C² + w)) + 1 / sqrt 2 / sqrt (eps + (beta2 * (beta2 * C² + w) + w))).
    { apply Rmult_le_reg_l with (sqrt 2); [auto|]. apply Rle_trans with (1 := G). right.
      unfold Rdiv. generalize (/ sqrt (eps + (beta2 * C² + w))) (/ sqrt (eps + (beta2 * (beta2 * C² + w) + w))).
      intros p q. field. lra. }
    nra.
Qed.

Let e (n j : nat) : R := move (n * 3 + j)%nat.

Local Lemma e_sign n j : ((j < 1)%nat -> 0 <= e n j) /\ ((1 <= j < 3)%nat -> e n j <= 0).
Proof.
  unfold e. rewrite move_at. destruct (g_at n) as [E0 [E1 E2]].
  pose proof (root_steps_pos alpha (n * 3 + j) alpha_pos) as A. fold a in A.
  pose proof (sqrt_lt_R0 _ (v_pos (n * 3 + j))) as P. pose proof (Rinv_0_lt_compat _ P). split; intros Hj.
  - replace j with O in * by lia. rewrite E0. apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; lra.
  - assert (E : g (n * 3 + j)%nat = -1).
    { destruct j as [|[|[|j]]]; try lia; auto. }
    rewrite E. unfold Rdiv. nra.
Qed.

Theorem three_steps_end n : x0 <= x (n * 3)%nat.
Proof.
  apply (periods_end 3 1 move e x0); auto; try lia.
  - intros. right. reflexivity.
  - intros n' j. apply e_sign.
  - intros n' j. apply e_sign.
  - intros n'. unfold e. simpl sum. pose proof (three_up n'). lra.
Qed.

Theorem three_steps_inside n j : (j <= 3)%nat -> x0 - x (n * 3 + j)%nat <= a (n * 3)%nat * reach 0 beta2.
Proof.
  intros Hj. pose proof (periods_inside 3 1 move e x0 ltac:(lia) x0_in ltac:(intros; right; reflexivity)
    (fun n' j' => proj1 (e_sign n' j')) (fun n' j' => proj2 (e_sign n' j'))
    ltac:(intros n'; unfold e; simpl sum; pose proof (three_up n'); lra) n j Hj) as H.
  fold x in H. apply Rle_trans with (sum 1 (e n)); [lra|]. simpl sum. unfold e. pose proof (first_move n) as M.
  apply Rle_trans with (a (n * 3)%nat * down); [lra|].
  apply Rmult_le_compat_l; [left; apply root_steps_pos; auto|].
  unfold reach, down. replace ((1 - 0) / (sqrt (1 - beta2) * (1 - 0 / sqrt beta2))) with (1 / sqrt w).
  2:{ unfold w, Rdiv. rewrite Rmult_0_l, !Rminus_0_r, Rmult_1_r. reflexivity. }
  assert (W : 0 < w) by (unfold w; lra). pose proof (sqrt_lt_R0 _ W) as SW.
  replace (1 / sqrt w) with (C / sqrt (w * C²)).
  2:{ rewrite sqrt_mult_alt by lra. rewrite sqrt_Rsqr by lra. field. split; lra. }
  apply div_sqrt_le; [lra|]. pose proof wC_pos. lra.
Qed.
End ThreeSteps.

Theorem three_steps_divergence alpha eps beta2 C x0 n j : 0 < alpha -> 0 <= eps -> 0 <= beta2 < 1 -> 2 <= C ->
  -1 <= x0 <= 1 -> three_steps eps beta2 C -> (j <= 3)%nat ->
  sqrt (INR (S (n * 3))) * (x0 - walk (adam_move (root_steps alpha) eps 0 beta2 (cyclic 3 C)) x0 (n * 3 + j))
  <= alpha * reach 0 beta2.
Proof.
  intros Ha He Hb HC Hx H Hj. pose proof (three_steps_inside alpha eps beta2 C x0 Ha He Hb HC Hx H n j Hj) as K.
  apply from_root_steps. exact K.
Qed.

(* Reddi, Kale and Kumar's numbers: beta2 = 1/(1 + C^2), eps = 0. *)
Theorem reddi_three_steps C : 2 <= C -> three_steps 0 (1 / (1 + C²)) C.
Proof.
  intros HC. set (u := 1 / (1 + C²)). assert (C4 : 4 <= C²) by (unfold Rsqr; nra).
  assert (U : 0 < u <= 1 / 5).
  { unfold u. split; [apply Rdiv_lt_0_compat; lra|]. apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; lra. }
  assert (E : u * C² = 1 - u) by (unfold u; field; lra).
  unfold three_steps. cbv zeta. set (w := 1 - u) in *.
  assert (W : 0 < w) by (unfold w; lra). pose proof (sqrt_lt_R0 _ W) as SW. pose proof (sqrt_lt_R0 2 ltac:(lra)) as R2.
  rewrite !Rplus_0_l, E.
  assert (D : C / sqrt (w * C²) = 1 / sqrt w).
  { rewrite sqrt_mult_alt by lra. rewrite sqrt_Rsqr by lra. field. split; lra. }
  rewrite D. split.
  - assert (S1 : 1 / sqrt 2 / sqrt (w * (w + 1)) >= 1 / sqrt w * (1 / 2 + u / 8)).
    { rewrite sqrt_mult_alt by lra. pose proof (sqrt_lt_R0 (w + 1) ltac:(lra)).
      replace (1 / sqrt 2 / (sqrt w * sqrt (w + 1))) with (1 / sqrt w * (1 / (sqrt 2 * sqrt (w + 1)))) by (field; lra).
      apply Rle_ge, Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; lra|]. rewrite <- sqrt_mult_alt by lra.
      assert (Q : sqrt (2 * (w + 1)) * (1 / 2 + u / 8) <= 1).
      { rewrite <- (sqrt_Rsqr (1 / 2 + u / 8)) by lra. rewrite <- sqrt_mult_alt by (unfold w; lra).
        apply Rle_trans with (sqrt 1); [|rewrite sqrt_1; lra]. apply sqrt_le_1_alt. unfold w, Rsqr.
        pose proof (Rmult_le_pos u u ltac:(lra) ltac:(lra)). pose proof (Rmult_le_pos (u * u) u ltac:(lra) ltac:(lra)).
        replace (2 * (1 - u + 1) * ((1 / 2 + u / 8) * (1 / 2 + u / 8))) with (1 - 3 / 16 * (u * u) - u * u * u / 32) by field.
        lra. }
      pose proof (sqrt_lt_R0 (2 * (w + 1)) ltac:(lra)) as P.
      apply Rmult_le_reg_l with (sqrt (2 * (w + 1))); [auto|].
      replace (sqrt (2 * (w + 1)) * (1 / sqrt (2 * (w + 1)))) with 1 by (field; lra). auto. }
    assert (S2 : 1 / sqrt 3 / sqrt (w * (u * (w + 1) + 1)) >= 1 / sqrt w * (1 / 2 - u / 8)).
    { pose proof (sqrt_lt_R0 3 ltac:(lra)) as R3. assert (K : 0 < u * (w + 1) + 1) by nra.
      rewrite sqrt_mult_alt by lra. pose proof (sqrt_lt_R0 _ K).
      replace (1 / sqrt 3 / (sqrt w * sqrt (u * (w + 1) + 1)))
        with (1 / sqrt w * (1 / (sqrt 3 * sqrt (u * (w + 1) + 1)))) by (field; lra).
      apply Rle_ge, Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; lra|]. rewrite <- sqrt_mult_alt by lra.
      assert (Q : sqrt (3 * (u * (w + 1) + 1)) * (1 / 2 - u / 8) <= 1).
      { rewrite <- (sqrt_Rsqr (1 / 2 - u / 8)) by lra. rewrite <- sqrt_mult_alt by lra.
        apply Rle_trans with (sqrt 1); [|rewrite sqrt_1; lra]. apply sqrt_le_1_alt. unfold w, Rsqr. 
        assert (3 * (u * (1 - u + 1) + 1) <= 3 * (1 + 2 * u)) by nra.
        assert ((1 / 2 - u / 8) * (1 / 2 - u / 8) <= 1 / 4 - u / 8 + u / 64) by nra.
        assert (0 <= (1 / 2 - u / 8) * (1 / 2 - u / 8)) by nra. nra. }
      pose proof (sqrt_lt_R0 (3 * (u * (w + 1) + 1)) ltac:(lra)) as P.
      apply Rmult_le_reg_l with (sqrt (3 * (u * (w + 1) + 1))); [auto|].
      replace (sqrt (3 * (u * (w + 1) + 1)) * (1 / sqrt (3 * (u * (w + 1) + 1)))) with 1 by (field; lra). auto. }
    nra.
  - assert (S1 : 1 / sqrt (w + w) = 1 / sqrt w * (1 / sqrt 2)).
    { replace (w + w) with (w * 2) by ring. rewrite sqrt_mult_alt by lra. field. lra. }
    assert (S2 : 1 / sqrt (w + w) <= 1 / sqrt (u * (w + w) + w)).
    { apply div_sqrt_le; [lra|]. nra. }
    assert (S3 : 2 * (1 / sqrt 2) = sqrt 2).
    { rewrite <- (sqrt_sqrt 2) at 1 by lra. field. lra. }
    rewrite S1 in *. nra.
Qed.
