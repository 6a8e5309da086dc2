(* How far from the mean Adam comes to rest, without momentum: with central moments S and m3 of order 2 and 3 and w = 1-beta2, its
   mean step is at most -w^(3/2) at -w m3/(2S) - K w^(3/2) and at least w^(3/2) at -w m3/(2S) + K w^(3/2), after any number of
   steps from v_0 = S. *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Expectation AdamRest.
Import ListNotations.
Local Open Scope R_scope.

Definition central (n : nat) (p e : nat -> R) (j : nat) : R := Ex n p (fun k => e k ^ j).

Section Shift.
Variables (n : nat) (p e : nat -> R) (low high : R).
Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.
Hypothesis p_one : sum n p = 1.
Hypothesis mean_0 : central n p e 1 = 0.
Hypothesis low_pos : 0 < low.
Hypothesis e_bounds : forall k, (k < n)%nat -> low <= Rabs (e k) <= high.

Let S2 := central n p e 2.
Let m3 := central n p e 3.
Let A := low² / 4.
Let M := 4 * high².
Let Z := Rabs m3 / (2 * S2) + 1.
Let D := Rabs m3 / (S2 * A).
Let C := (Z ^ 3 + 3 * Z * S2) / A + 12 * high * M² / A².
Let V := Z ^ 4 + M².
Let q := / sqrt (A / 2).
Let K := sqrt M * (q * (D * (1 + V + M) + C) + 1).

Local Lemma low_high : low <= high.
Proof.
  destruct n as [|m] eqn:N; [simpl in p_one; lra|]. specialize (e_bounds 0%nat ltac:(lia)). lra.
Qed.

Local Lemma S2_bounds : low² <= S2 <= high².
Proof.
  pose proof low_high. split.
  - rewrite <- (Ex_const n p p_one (low²)). apply Ex_le; auto. intros k Hk. destruct (e_bounds k Hk).
    replace (e k ^ 2) with ((Rabs (e k))²) by (rewrite <- Rsqr_abs; unfold Rsqr; ring). apply Rsqr_incr_1; lra.
  - rewrite <- (Ex_const n p p_one (high²)). apply Ex_le; auto. intros k Hk. destruct (e_bounds k Hk).
    replace (e k ^ 2) with ((Rabs (e k))²) by (rewrite <- Rsqr_abs; unfold Rsqr; ring). apply Rsqr_incr_1; lra.
Qed.

Local Lemma constants : 0 < A /\ 0 < M /\ 0 < S2 /\ A <= S2 <= M /\ 1 <= Z /\ 0 <= D /\ 0 <= C /\ 0 < V /\ 0 < q.
Proof.
  pose proof low_high as LH. pose proof S2_bounds as [B1 B2].
  assert (PL : 0 < low²) by (apply Rsqr_pos_lt; lra). assert (PH : 0 < high²) by (apply Rsqr_pos_lt; lra).
  assert (PA : 0 < A) by (unfold A; lra). assert (PM : 0 < M) by (unfold M; lra). assert (PS : 0 < S2) by lra.
  pose proof (Rabs_pos m3) as P3.
  assert (PZ : 1 <= Z).
  { unfold Z. assert (0 <= Rabs m3 / (2 * S2)) by (apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; lra]). lra. }
  assert (PD : 0 <= D).
  { apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat, Rmult_lt_0_compat; auto]. }
  assert (Z3 : 0 < Z ^ 3) by (apply pow_lt; lra). assert (Z4 : 0 < Z ^ 4) by (apply pow_lt; lra).
  assert (PM2 : 0 < M²) by (apply Rsqr_pos_lt; lra). assert (PA2 : 0 < A²) by (apply Rsqr_pos_lt; lra).
  assert (PC : 0 <= C).
  { apply Rplus_le_le_0_compat; apply Rmult_le_pos; try (left; apply Rinv_0_lt_compat; assumption).
    - assert (0 < Z * S2) by (apply Rmult_lt_0_compat; lra). lra.
    - apply Rmult_le_pos; lra. }
  assert (PV : 0 < V) by (unfold V; lra).
  assert (Pq : 0 < q) by (apply Rinv_0_lt_compat, sqrt_lt_R0; lra).
  repeat split; auto; unfold A, M; lra.
Qed.

Section Point.
Variables (w z : R).
Hypothesis w_pos : 0 < w <= 1 / 2.
Hypothesis z_bound : Rabs z <= Z.
Hypothesis near : w * Z <= low / 2.
Let y := w * z.
Let g (k : nat) := y - e k.

Local Lemma g_bounds k : (k < n)%nat -> A <= (g k)² <= M /\ Rabs (g k) <= 2 * high.
Proof.
  intros Hk. destruct (e_bounds k Hk) as [E1 E2]. pose proof low_high.
  assert (Y : Rabs y <= low / 2).
  { unfold y. rewrite Rabs_mult, (Rabs_right w) by lra. apply Rle_trans with (w * Z); [apply Rmult_le_compat_l; lra | auto]. }
  assert (G1 : low / 2 <= Rabs (g k)).
  { unfold g. rewrite <- Rabs_Ropp. pose proof (Rabs_triang_inv (e k) y). replace (- (y - e k)) with (e k - y) by ring. lra. }
  assert (G2 : Rabs (g k) <= 2 * high).
  { unfold g. pose proof (Rabs_triang y (- e k)) as T. rewrite Rabs_Ropp in T. unfold Rminus. lra. }
  repeat split; auto; rewrite (Rsqr_abs (g k)).
  - replace A with ((low / 2)²) by (unfold A, Rsqr; field). apply Rsqr_incr_1; lra.
  - replace M with ((2 * high)²) by (unfold M, Rsqr; ring). pose proof (Rabs_pos (g k)). apply Rsqr_incr_1; lra.
Qed.

Local Lemma first : Ex n p g = y.
Proof.
  transitivity (y * sum n p - central n p e 1); [|rewrite p_one, mean_0; ring].
  unfold Ex, central, Ex. rewrite <- sum_scal, <- sum_minus. apply sum_ext; intros. unfold g. ring.
Qed.

Local Lemma second_moment : Ex n p (fun k => (g k)²) = y² + S2.
Proof.
  transitivity (y² * sum n p - 2 * y * central n p e 1 + S2); [|rewrite p_one, mean_0; ring].
  unfold S2, Ex, central, Ex. rewrite <- !sum_scal, <- sum_minus, <- sum_plus. apply sum_ext; intros. unfold g, Rsqr. ring.
Qed.

Local Lemma third : Ex n p (fun k => g k * (g k)²) = y ^ 3 + 3 * y * S2 - m3.
Proof.
  transitivity (y ^ 3 * sum n p - 3 * y ^ 2 * central n p e 1 + 3 * y * S2 - m3); [|rewrite p_one, mean_0; ring].
  unfold S2, m3, Ex, central, Ex. rewrite <- !sum_scal, <- sum_minus, <- sum_plus, <- sum_minus.
  apply sum_ext; intros. unfold g, Rsqr. ring.
Qed.

(* The mean step for a fixed v, with u = beta2 v *)
Local Lemma fixed v : A <= v <= M -> let u := (1 - w) * v in
  w * / sqrt u * (z + m3 / (2 * u) - w * C) <= Ex n p (fun k => g k / sqrt (u + w * (g k)²)).
Proof.
  intros Hv u. destruct constants as (PA & PM & PS & SB & PZ & PD & PC & PV & Pq). pose proof low_high as LH.
  assert (Hu : A / 2 <= u) by (unfold u; nra). set (s := w / u).
  assert (Ps : 0 < s) by (apply Rdiv_lt_0_compat; lra). pose proof (sqrt_lt_R0 u ltac:(lra)) as Pu.
  assert (Is : s <= 2 / A * w).
  { unfold s, Rdiv. rewrite Rmult_comm. apply Rmult_le_compat_r; [lra|].
    replace (2 * / A) with (/ (A / 2)) by (field; lra). apply Rinv_le_contravar; lra. }
  assert (Term : forall k, (k < n)%nat ->
    / sqrt u * (g k - s / 2 * (g k * (g k)²) - 3 * high * M² * s²) <= g k / sqrt (u + w * (g k)²)).
  { intros k Hk. destruct (g_bounds k Hk) as [[G1 G2] G3]. set (r := s * (g k)²).
    assert (Pr : 0 <= r) by (apply Rmult_le_pos; lra).
    replace (u + w * (g k)²) with (u * (1 + r)) by (unfold r, s; field; lra). rewrite sqrt_mult by lra.
    pose proof (sqrt_lt_R0 (1 + r) ltac:(lra)) as P1.
    replace (g k / (sqrt u * sqrt (1 + r))) with (/ sqrt u * (g k * / sqrt (1 + r))) by (field; lra).
    apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto|].
    pose proof (root_remainder 1 r Pr) as R1.
    unfold root_rest, root_series in R1. simpl sum in R1. simpl root_coef in R1. simpl INR in R1.
    replace (Rabs (- (2 * 0 + 1) / (2 * 0 + 2) * 1)) with (1 / 2) in R1
      by (replace (- (2 * 0 + 1) / (2 * 0 + 2) * 1) with (- (1 / 2)) by field; rewrite Rabs_Ropp, Rabs_right; lra).
    replace (0 + 1 * 1 + - (2 * 0 + 1) / (2 * 0 + 2) * 1 * (r * 1)) with (1 - r / 2) in R1 by field.
    replace ((2 * 1 + 1) * (1 / 2) * r ^ 2) with (3 / 2 * r²) in R1 by (unfold Rsqr; field).
    assert (X : Rabs (g k * (/ sqrt (1 + r) - (1 - r / 2))) <= 3 * high * M² * s²).
    { rewrite Rabs_mult. apply Rle_trans with (2 * high * (3 / 2 * (s * M)²)).
      - apply Rmult_le_compat; [apply Rabs_pos | apply Rabs_pos | auto |]. apply Rle_trans with (1 := R1).
        apply Rmult_le_compat_l; [lra|]. apply Rsqr_incr_1; [|auto | apply Rmult_le_pos; lra]. apply Rmult_le_compat_l; lra.
      - right. rewrite Rsqr_mult. field. }
    pose proof (Rle_abs (- (g k * (/ sqrt (1 + r) - (1 - r / 2))))) as Y. rewrite Rabs_Ropp in Y.
    replace (s / 2 * (g k * (g k)²)) with (g k * (r / 2)) by (unfold r; field). lra. }
  apply Rle_trans with (Ex n p (fun k => / sqrt u * (g k - s / 2 * (g k * (g k)²) - 3 * high * M² * s²)));
    [|apply Ex_le; auto].
  rewrite Ex_scal, !Ex_minus, Ex_scal, first, third, Ex_const by auto.
  rewrite (Rmult_comm w), Rmult_assoc. apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto|].
  assert (Y1 : Rabs y <= w * Z) by (unfold y; rewrite Rabs_mult, (Rabs_right w) by lra; apply Rmult_le_compat_l; lra).
  assert (Y3 : y ^ 3 + 3 * y * S2 <= w * (Z ^ 3 + 3 * Z * S2)).
  { assert (Y2 : y <= w * Z) by (pose proof (Rle_abs y); lra). assert (0 <= w * Z) by (apply Rmult_le_pos; lra).
    assert (y ^ 3 <= w * Z ^ 3).
    { apply Rle_trans with ((w * Z) ^ 3).
      - destruct (Rle_dec 0 y); [apply pow_incr; lra|]. apply Rle_trans with 0; [|apply pow_le; lra].
        replace (y ^ 3) with (- ((- y) ^ 3)) by ring. pose proof (pow_le (- y) 3 ltac:(lra)). lra.
      - rewrite Rpow_mult_distr. apply Rmult_le_compat_r; [apply pow_le; lra|]. simpl. nra. }
    assert (y * S2 <= w * Z * S2) by (apply Rmult_le_compat_r; lra). lra. }
  assert (PB : 0 <= w * (Z ^ 3 + 3 * Z * S2)).
  { apply Rmult_le_pos; [lra|]. pose proof (pow_le Z 3 ltac:(lra)). assert (0 <= Z * S2) by (apply Rmult_le_pos; lra). lra. }
  assert (Q1 : s / 2 * (y ^ 3 + 3 * y * S2) <= w * w * ((Z ^ 3 + 3 * Z * S2) / A)).
  { apply Rle_trans with (s / 2 * (w * (Z ^ 3 + 3 * Z * S2))); [apply Rmult_le_compat_l; lra|].
    apply Rle_trans with (2 / A * w / 2 * (w * (Z ^ 3 + 3 * Z * S2))); [apply Rmult_le_compat_r; lra|]. right. field. lra. }
  assert (Q2 : 3 * high * M² * s² <= w * w * (12 * high * M² / A²)).
  { apply Rle_trans with (3 * high * M² * (2 / A * w)²).
    - apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | apply Rle_0_sqr] | apply Rsqr_incr_1; lra].
    - right. unfold Rsqr. field. lra. }
  replace (w * (z + m3 / (2 * u) - w * C)) with (y + s / 2 * m3 - w * w * C) by (unfold y, s; field; lra).
  unfold C. rewrite Rmult_plus_distr_l. lra.
Qed.

(* E (v_T - S)^2 <= V w *)
Local Lemma spread T : Exp n p T (fun h => (second (fun k => e k - y) w S2 h - S2)²) [] <= V * w.
Proof.
  destruct constants as (PA & PM & PS & SB & PZ & PD & PC & PV & Pq).
  set (r := (y²)² + w * M²).
  assert (B : Exp n p T (fun h => (second (fun k => e k - y) w S2 h - S2)²) [] <= r).
  { induction T as [|T IH].
    - simpl. unfold Rminus. rewrite Rplus_opp_r, Rsqr_0. unfold r. pose proof (Rle_0_sqr (y²)).
      assert (0 <= w * M²) by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]). lra.
    - rewrite Exp_last.
      apply Rle_trans with (Exp n p T (fun h => (1 - w) * (second (fun k => e k - y) w S2 h - S2)² + w * r) []).
      + apply Exp_le; auto; [constructor|]. intros h _ _. cbn [second]. set (x := second (fun k => e k - y) w S2 h - S2).
        apply Rle_trans with
          (Ex n p (fun k => ((1 - w)² * x² - 2 * w * (1 - w) * x * S2 + w² * M²) + 2 * w * (1 - w) * x * (g k)²)).
        * apply Ex_le; auto. intros k Hk. destruct (g_bounds k Hk) as [G _].
          replace ((1 - w) * second (fun k => e k - y) w S2 h + w * (e k - y)² - S2) with ((1 - w) * x + w * ((g k)² - S2))
            by (unfold x, g, Rsqr; ring).
          assert (((g k)² - S2)² <= M²) by (apply neg_pos_Rsqr_le; lra).
          assert (w² * ((g k)² - S2)² <= w² * M²) by (apply Rmult_le_compat_l; [apply Rle_0_sqr | auto]).
          unfold Rsqr in *. lra.
        * rewrite Ex_plus, Ex_const, Ex_scal, second_moment by auto. unfold r.
          assert (0 <= w * (1 - w) * (x - y²)²) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply Rle_0_sqr]).
          assert (0 <= w * w * (y²)²) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply Rle_0_sqr]).
          unfold Rsqr in *. lra.
      + rewrite Exp_plus, Exp_scal, Exp_const by auto.
        apply Rle_trans with ((1 - w) * r + w * r); [apply Rplus_le_compat_r, Rmult_le_compat_l; lra | lra]. }
  apply Rle_trans with (1 := B). unfold r, V. rewrite Rmult_plus_distr_r.
  assert (Y : (y²)² <= Z ^ 4 * w).
  { replace ((y²)²) with (w * w * (w * w) * (z * z * (z * z))) by (unfold y, Rsqr; ring).
    assert (z * z <= Z * Z) by (apply Rsqr_le_abs_1; rewrite (Rabs_right Z) by lra; auto).
    assert (0 <= z * z) by apply Rle_0_sqr.
    replace (Z ^ 4 * w) with (w * (Z * Z * (Z * Z))) by ring.
    assert (W : 0 <= w * w <= w * 1) by (split; [apply Rle_0_sqr | apply Rmult_le_compat_l; lra]).
    apply Rmult_le_compat; [apply Rle_0_sqr | apply Rle_0_sqr | | apply Rmult_le_compat; auto].
    apply Rle_trans with (w * 1); [apply Rmult_le_compat; lra | lra]. }
  lra.
Qed.

Hypothesis z_right : - m3 / (2 * S2) + K * sqrt w <= z.

Local Lemma right_of_rest T : w * sqrt w <= mean_step n p (fun k => e k - y) w S2 T.
Proof.
  destruct constants as (PA & PM & PS & SB & PZ & PD & PC & PV & Pq).
  set (t := sqrt w). assert (Pt : 0 < t) by (apply sqrt_lt_R0; lra). assert (Et : t * t = w) by (apply sqrt_sqrt; lra).
  assert (T1 : t <= 1) by nra. pose proof (sqrt_lt_R0 M PM) as PsM.
  set (E2 := q * (D * (1 + V + M) + C)).
  assert (Point : forall v, A <= v <= M ->
    w * (t * (E2 + 1) - q * (D * (t + w * M) + w * C)) + - (w * q * D / t) * (v - S2)²
      <= direction n p (fun k => e k - y) w v).
  { intros v Hv. pose proof (fixed v Hv) as F. cbv zeta in F. set (u := (1 - w) * v) in *.
    assert (Wv : 0 <= w * v <= 1 / 2 * v) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_r]; lra).
    assert (Hu : A / 2 <= u <= M) by (unfold u; lra).
    assert (Ed : Ex n p (fun k => g k / sqrt (u + w * (g k)²)) = direction n p (fun k => e k - y) w v).
    { unfold direction. apply sum_ext; intros k _. fold u. replace ((e k - y)²) with ((g k)²) by (unfold g, Rsqr; ring).
      unfold g. f_equal. unfold Rdiv. ring. }
    rewrite <- Ed. apply Rle_trans with (2 := F).
    assert (I : / sqrt M <= / sqrt u <= q).
    { split; apply Rinv_le_contravar; try (apply sqrt_le_1_alt; lra); apply sqrt_lt_R0; lra. }
    assert (Pi : 0 < / sqrt M) by (apply Rinv_0_lt_compat; auto).
    assert (Dist : Rabs (S2 - u) <= t + (v - S2)² / t + w * M).
    { assert (H1 : Rabs (S2 - v) <= t + (v - S2)² / t).
      { replace ((v - S2)²) with ((Rabs (S2 - v))²) by (rewrite <- Rsqr_abs; unfold Rsqr; ring).
        set (a := Rabs (S2 - v)). assert (Pa : 0 <= a) by apply Rabs_pos.
        apply Rmult_le_reg_r with t; [auto|]. replace ((t + a² / t) * t) with (t² + a²) by (unfold Rsqr; field; lra).
        pose proof (Rle_0_sqr (a - t)). assert (0 <= a * t) by (apply Rmult_le_pos; lra). unfold Rsqr in *. lra. }
      replace (S2 - u) with (S2 - v + w * v) by (unfold u; ring). apply Rle_trans with (1 := Rabs_triang _ _).
      assert (w * v <= w * M) by (apply Rmult_le_compat_l; lra). rewrite (Rabs_right (w * v)) by lra. lra. }
    set (dist := t + (v - S2)² / t + w * M) in *.
    assert (Lower : K * t - D * dist - w * C <= z + m3 / (2 * u) - w * C).
    { fold t in z_right. apply Rle_trans with (- m3 / (2 * S2) + K * t + m3 / (2 * u) - w * C); [|lra].
      replace (- m3 / (2 * S2) + K * t + m3 / (2 * u) - w * C)
        with (K * t + m3 * (S2 - u) * / (2 * u * S2) - w * C) by (field; lra).
      assert (- (D * dist) <= m3 * (S2 - u) * / (2 * u * S2)); [|lra].
      assert (X : Rabs (m3 * (S2 - u) * / (2 * u * S2)) <= D * dist).
      { assert (PuS : 0 < 2 * u * S2) by (apply Rmult_lt_0_compat; lra).
        rewrite !Rabs_mult, (Rabs_right (/ (2 * u * S2))) by (left; apply Rinv_0_lt_compat; auto).
        apply Rle_trans with (Rabs m3 * dist * / (S2 * A)); [|right; unfold D; field; lra].
        apply Rmult_le_compat; [apply Rmult_le_pos; apply Rabs_pos | left; apply Rinv_0_lt_compat; auto | |].
        - apply Rmult_le_compat_l; [apply Rabs_pos | auto].
        - assert (S2 * A <= S2 * (2 * u)) by (apply Rmult_le_compat_l; lra).
          apply Rinv_le_contravar; [apply Rmult_lt_0_compat; auto | lra]. }
      pose proof (Rle_abs (- (m3 * (S2 - u) * / (2 * u * S2)))) as Y. rewrite Rabs_Ropp in Y. lra. }
    assert (Pdist : 0 <= D * dist).
    { apply Rmult_le_pos; [auto|]. pose proof (Rabs_pos (S2 - u)). lra. }
    assert (PwC : 0 <= w * C) by (apply Rmult_le_pos; lra).
    assert (PK : 0 < K * t).
    { apply Rmult_lt_0_compat; [|auto]. apply Rmult_lt_0_compat; [auto|]. assert (0 <= q * (D * (1 + V + M) + C)); [|lra].
      apply Rmult_le_pos; [lra|]. assert (0 <= D * (1 + V + M)) by (apply Rmult_le_pos; lra). lra. }
    apply Rle_trans with (w * (/ sqrt u * (K * t - D * dist - w * C))).
    - apply Rle_trans with (w * (/ sqrt M * (K * t) - q * (D * dist + w * C))).
      + right. unfold K, E2, dist. fold E2. field. lra.
      + apply Rmult_le_compat_l; [lra|].
        assert (/ sqrt M * (K * t) <= / sqrt u * (K * t)) by (apply Rmult_le_compat_r; lra).
        assert (/ sqrt u * (D * dist + w * C) <= q * (D * dist + w * C)) by (apply Rmult_le_compat_r; lra). lra.
    - rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_l; [lra | auto]. }
  assert (Stay : forall h, valid n h -> A <= second (fun k => e k - y) w S2 h <= M).
  { intros h Hh. induction Hh as [|k h Hk Hh IH]; simpl; [lra|]. destruct (g_bounds k Hk) as [G _].
    replace ((e k - y)²) with ((g k)²) by (unfold g, Rsqr; ring). apply between; lra. }
  pose proof (spread T) as Sp. set (c0 := w * (t * (E2 + 1) - q * (D * (t + w * M) + w * C))) in *.
  apply Rle_trans with (c0 + - (w * q * D / t) * Exp n p T (fun h => (second (fun k => e k - y) w S2 h - S2)²) []).
  - assert (Pf : 0 <= w * q * D / t).
    { apply Rmult_le_pos; [|left; apply Rinv_0_lt_compat; auto]. apply Rmult_le_pos; [apply Rmult_le_pos; lra | auto]. }
    apply Rmult_le_compat_l with (r := w * q * D / t) in Sp; [|auto].
    replace (w * q * D / t * (V * w)) with (w * (q * D * V * t)) in Sp by (rewrite <- Et at 3; field; lra).
    assert (w * t <= c0 - w * (q * D * V * t)); [|fold t; lra].
    assert (X : q * (D * (t + w * M) + w * C) + q * D * V * t <= t * E2).
    { unfold E2. replace (t * (q * (D * (1 + V + M) + C))) with (q * (D * (t + t * M) + t * C) + q * D * V * t) by ring.
      assert (t * t <= t * 1) by (apply Rmult_le_compat_l; lra). assert (w * M <= t * M) by (apply Rmult_le_compat_r; lra).
      assert (w * C <= t * C) by (apply Rmult_le_compat_r; lra).
      apply Rplus_le_compat_r, Rmult_le_compat_l; [lra|]. apply Rplus_le_compat; [apply Rmult_le_compat_l; lra | auto]. }
    unfold c0. rewrite <- Rmult_minus_distr_l. apply Rmult_le_compat_l; lra.
  - unfold mean_step. rewrite <- Exp_scal, <- (Exp_const n p p_one T c0 []), <- Exp_plus.
    apply Exp_le; [auto | constructor |]. intros h Hh _. apply Point, Stay, Hh.
Qed.
End Point.

Local Lemma right_side : exists K0, 0 < K0 /\ forall K1, K0 <= K1 -> exists w0, 0 < w0 /\ forall w T, 0 < w <= w0 ->
  w * sqrt w <= mean_step n p (fun k => e k - w * (- m3 / (2 * S2) + K1 * sqrt w)) w S2 T.
Proof.
  destruct constants as (PA & PM & PS & SB & PZ & PD & PC & PV & Pq). exists K.
  assert (PK : 0 < K).
  { apply Rmult_lt_0_compat; [apply sqrt_lt_R0; auto|]. assert (0 <= q * (D * (1 + V + M) + C)); [|lra].
    apply Rmult_le_pos; [lra|]. assert (0 <= D * (1 + V + M)) by (apply Rmult_le_pos; lra). lra. }
  split; [exact PK|]. intros K1 HK. assert (P1 : 0 < K1 * K1) by (apply Rmult_lt_0_compat; lra).
  exists (Rmin (1 / 2) (Rmin (low / (2 * Z)) (/ (K1 * K1)))). split.
  - repeat apply Rmin_pos; [lra | apply Rdiv_lt_0_compat; lra | apply Rinv_0_lt_compat; auto].
  - intros w T [Hw H]. pose proof (Rmin_l (1 / 2) (Rmin (low / (2 * Z)) (/ (K1 * K1)))) as M1.
    pose proof (Rmin_r (1 / 2) (Rmin (low / (2 * Z)) (/ (K1 * K1)))) as M2.
    pose proof (Rmin_l (low / (2 * Z)) (/ (K1 * K1))) as M3. pose proof (Rmin_r (low / (2 * Z)) (/ (K1 * K1))) as M4.
    pose proof (sqrt_lt_R0 w Hw) as Pt.
    assert (Small : K1 * sqrt w <= 1).
    { apply Rsqr_incr_0_var; [|lra]. rewrite Rsqr_mult, Rsqr_sqrt, Rsqr_1 by lra.
      apply Rle_trans with (K1² * / (K1 * K1)); [apply Rmult_le_compat_l; [apply Rle_0_sqr | lra]|].
      right. unfold Rsqr. field. lra. }
    assert (Near : w * Z <= low / 2).
    { apply Rle_trans with (low / (2 * Z) * Z); [apply Rmult_le_compat_r; lra|]. right. field. lra. }
    apply right_of_rest; [lra | | auto |].
    + apply Rle_trans with (1 := Rabs_triang _ _). rewrite (Rabs_right (K1 * sqrt w)) by (apply Rle_ge, Rmult_le_pos; lra).
      unfold Rdiv. rewrite Rabs_mult, Rabs_Ropp, (Rabs_right (/ (2 * S2))) by (left; apply Rinv_0_lt_compat; lra).
      unfold Z, Rdiv. lra.
    + apply Rplus_le_compat_l, Rmult_le_compat_r; lra.
Qed.
End Shift.

Lemma mean_step_ext n p e e' w v0 T : (forall k, e k = e' k) -> mean_step n p e w v0 T = mean_step n p e' w v0 T.
Proof. intros H. replace e' with e; [reflexivity|]. apply functional_extensionality, H. Qed.

Lemma mean_step_opposite n p e w v0 T : mean_step n p (fun k => - e k) w v0 T = - mean_step n p e w v0 T.
Proof.
  unfold mean_step. replace (- Exp n p T (fun h => direction n p e w (second e w v0 h)) [])
    with (-1 * Exp n p T (fun h => direction n p e w (second e w v0 h)) []) by ring.
  rewrite <- Exp_scal. f_equal. apply functional_extensionality. intros h.
  assert (E : second (fun k => - e k) w v0 h = second e w v0 h).
  { induction h as [|k h IH]; simpl; [reflexivity|]. rewrite IH, <- Rsqr_neg. reflexivity. }
  rewrite E. unfold direction. rewrite <- Ex_scal. apply sum_ext; intros k _. rewrite <- Rsqr_neg. unfold Rdiv. ring.
Qed.

Theorem adam_rest_shift n p e low high : (forall k, (k < n)%nat -> 0 <= p k) -> sum n p = 1 -> central n p e 1 = 0 ->
  0 < low -> (forall k, (k < n)%nat -> low <= Rabs (e k) <= high) ->
  let S := central n p e 2 in let rest := fun w => - w * central n p e 3 / (2 * S) in
  exists K w0, 0 < K /\ 0 < w0 /\ forall w T, 0 < w <= w0 ->
    mean_step n p (fun k => e k - (rest w - K * (w * sqrt w))) w S T <= - (w * sqrt w) /\
    w * sqrt w <= mean_step n p (fun k => e k - (rest w + K * (w * sqrt w))) w S T.
Proof.
  intros Hp H1 H0 Pl He S rest.
  assert (Odd : forall j, central n p (fun k => - e k) j = (-1) ^ j * central n p e j).
  { intros j. unfold central. rewrite <- Ex_scal. apply sum_ext; intros. replace (- e k) with (-1 * e k) by ring.
    rewrite Rpow_mult_distr. ring. }
  pose proof (S2_bounds n p e low high Hp H1 H0 Pl He) as [PS _]. fold S in PS. pose proof (Rsqr_pos_lt low ltac:(lra)).
  destruct (right_side n p e low high Hp H1 H0 Pl He) as (K1 & P1 & R1).
  destruct (right_side n p (fun k => - e k) low high Hp H1 ltac:(rewrite Odd, H0; ring) Pl
    ltac:(intros; cbv beta; rewrite Rabs_Ropp; auto)) as (K2 & P2 & R2).
  destruct (R1 (Rmax K1 K2) (Rmax_l _ _)) as (w1 & Pw1 & S1). destruct (R2 (Rmax K1 K2) (Rmax_r _ _)) as (w2 & Pw2 & S2).
  exists (Rmax K1 K2), (Rmin w1 w2). pose proof (Rmax_l K1 K2). repeat split; [lra | apply Rmin_pos; auto | |].
  - pose proof (Rmin_r w1 w2). specialize (S2 w T ltac:(lra)). rewrite !Odd in S2.
    replace ((-1) ^ 2 * central n p e 2) with S in S2 by (unfold S; ring).
    rewrite (mean_step_ext _ _ _ (fun k => - (e k - (rest w - Rmax K1 K2 * (w * sqrt w))))) in S2.
    + rewrite mean_step_opposite in S2. lra.
    + intros k. unfold rest. simpl. field. lra.
  - pose proof (Rmin_l w1 w2). specialize (S1 w T ltac:(lra)). fold S in S1.
    rewrite (mean_step_ext _ _ _ (fun k => e k - (rest w + Rmax K1 K2 * (w * sqrt w)))) in S1; [exact S1|].
    intros k. unfold rest. field. lra.
Qed.
