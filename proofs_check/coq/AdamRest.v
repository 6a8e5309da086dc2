(* Where Adam comes to rest: without momentum its mean step at the mean of data is 0 for every beta2 if the data are symmetric,
   and if they are not and none is the mean, it is away from 0 and on one side for all beta2 near 1, after any number of steps.
   The data minus their mean have finitely many values e_k with probabilities p_k; w = 1-beta2; v_0 lies among the squares. *)
From Coq Require Import Reals Lra Lia Psatz List Classical.
From Mada Require Import Sums Expectation.
Import ListNotations.
Local Open Scope R_scope.

(* v_t after the history h from v_0, and E[g_{T+1}/sqrt(v_{T+1})], where g = - e_k at the mean. *)
Fixpoint second (e : nat -> R) (w v0 : R) (h : hist) : R :=
  match h with [] => v0 | k :: h => (1 - w) * second e w v0 h + w * (e k)² end.
Definition direction (n : nat) (p e : nat -> R) (w v : R) : R := Ex n p (fun k => - e k / sqrt ((1 - w) * v + w * (e k)²)).
Definition mean_step (n : nat) (p e : nat -> R) (w v0 : R) (T : nat) : R :=
  Exp n p T (fun h => direction n p e w (second e w v0 h)) [].

(* The probability of x, and that e and -e have one law. *)
Definition chance (n : nat) (p e : nat -> R) (x : R) : R := sum n (fun k => if Req_EM_T (e k) x then p k else 0).
Definition symmetric (n : nat) (p e : nat -> R) : Prop := forall x, chance n p e x = chance n p e (- x).

(* The binomial series of (1+y)^(-1/2), its first terms, their derivative, and the rest. *)
Fixpoint root_coef (J : nat) : R := match J with O => 1 | S J => - (2 * INR J + 1) / (2 * INR J + 2) * root_coef J end.
Definition root_series (J : nat) (y : R) : R := sum (S J) (fun i => root_coef i * y ^ i).
Definition root_rest (J : nat) : R := (2 * INR J + 1) * Rabs (root_coef J).

Lemma between low high w x y : 0 <= w <= 1 -> low <= x <= high -> low <= y <= high -> low <= (1 - w) * x + w * y <= high.
Proof.
  intros. assert (0 <= (1 - w) * (x - low) /\ 0 <= (1 - w) * (high - x) /\ 0 <= w * (y - low) /\ 0 <= w * (high - y)).
  { repeat split; apply Rmult_le_pos; lra. }
  lra.
Qed.

Lemma root_coef_nonzero J : root_coef J <> 0.
Proof.
  induction J as [|J IH]; cbn [root_coef]; [lra|]. pose proof (pos_INR J).
  apply Rmult_integral_contrapositive_currified; [|auto]. unfold Rdiv.
  apply Rmult_integral_contrapositive_currified; [lra | apply Rinv_neq_0_compat; lra].
Qed.

Lemma root_series_0 J : root_series J 0 = 1.
Proof.
  induction J as [|J IH]; unfold root_series in *; [simpl; ring|]. rewrite sum_S, IH, pow_i by lia. ring.
Qed.

Lemma root_series_slope J y : derivable_pt_lim (root_series J) y (sum (S J) (fun i => root_coef i * (INR i * y ^ pred i))).
Proof.
  induction J as [|J IH].
  - replace (sum 1 _) with 0 by (simpl; ring). apply (derivable_pt_lim_ext (fct_cte 1)).
    + intros z. unfold root_series, fct_cte. simpl. ring.
    + apply derivable_pt_lim_const.
  - rewrite sum_S. apply (derivable_pt_lim_plus (root_series J) (fun z => root_coef (S J) * z ^ S J)); [exact IH|].
    apply (derivable_pt_lim_scal (fun z => z ^ S J)), derivable_pt_lim_pow.
Qed.

(* 2 (1+y) P' + P is one monomial *)
Lemma root_series_equation J y : 2 * (1 + y) * sum (S J) (fun i => root_coef i * (INR i * y ^ pred i)) + root_series J y
  = (2 * INR J + 1) * root_coef J * y ^ J.
Proof.
  induction J as [|J IH]; [unfold root_series; simpl; ring|].
  unfold root_series in *. rewrite (sum_S (S J) (fun i => root_coef i * (INR i * y ^ pred i))), (sum_S (S J)).
  rewrite !Rmult_plus_distr_l in *. cbn [pred]. pose proof (pos_INR J).
  assert (C : (2 * INR J + 2) * root_coef (S J) = - (2 * INR J + 1) * root_coef J) by (cbn [root_coef]; field; lra).
  rewrite (S_INR J). change (y ^ S J) with (y * y ^ J).
  assert (C' : (2 * INR J + 2) * root_coef (S J) * y ^ J = - (2 * INR J + 1) * root_coef J * y ^ J) by (rewrite C; ring).
  lra.
Qed.

Lemma root_remainder J y : 0 <= y -> Rabs (/ sqrt (1 + y) - root_series J y) <= root_rest J * y ^ S J.
Proof.
  intros Hy. pose proof (pos_INR J) as PJ. destruct (Req_dec y 0) as [-> | N].
  { rewrite root_series_0, Rplus_0_r, sqrt_1, Rinv_1, pow_i by lia. unfold Rminus. rewrite Rplus_opp_r, Rabs_R0. lra. }
  set (c := (2 * INR J + 1) * root_coef J).
  assert (D : forall z, 0 <= z <= y ->
    derivable_pt_lim (fun z => root_series J z * sqrt (1 + z)) z (c * z ^ J / (2 * sqrt (1 + z)))).
  { intros z Hz. pose proof (sqrt_lt_R0 (1 + z) ltac:(lra)) as Ps. pose proof (sqrt_sqrt (1 + z) ltac:(lra)) as Es.
    unfold c. rewrite <- (root_series_equation J z). set (d := sum (S J) _).
    replace ((2 * (1 + z) * d + root_series J z) / (2 * sqrt (1 + z)))
      with (d * sqrt (1 + z) + root_series J z * (/ (2 * sqrt (1 + z)) * (0 + 1))).
    2: { set (q := sqrt (1 + z)) in *. rewrite <- Es. field. lra. }
    apply (derivable_pt_lim_mult (root_series J) (fun z => sqrt (1 + z))); [apply root_series_slope|].
    apply (derivable_pt_lim_comp (fun z => 1 + z) sqrt); [|apply derivable_pt_lim_sqrt; lra].
    apply (derivable_pt_lim_plus (fct_cte 1) id); [apply derivable_pt_lim_const | apply derivable_pt_lim_id]. }
  destruct (MVT_cor2 _ _ 0 y ltac:(lra) D) as (z & E & Hz).
  rewrite root_series_0, Rplus_0_r, sqrt_1 in E. pose proof (sqrt_lt_R0 (1 + y) ltac:(lra)) as Ps.
  assert (S1 : forall u, 0 <= u -> 1 <= sqrt (1 + u)).
  { intros u Hu. rewrite <- sqrt_1 at 1. apply sqrt_le_1_alt. lra. }
  pose proof (S1 y Hy) as Sy. pose proof (S1 z ltac:(lra)) as Sz.
  replace (/ sqrt (1 + y) - root_series J y) with (- (root_series J y * sqrt (1 + y) - 1 * 1) * / sqrt (1 + y))
    by (field; lra).
  rewrite E, Rabs_mult, Rabs_Ropp, Rminus_0_r. unfold Rdiv. rewrite !Rabs_mult.
  assert (0 < / sqrt (1 + y)) by (apply Rinv_0_lt_compat; lra).
  assert (0 < / (2 * sqrt (1 + z))) by (apply Rinv_0_lt_compat; lra).
  assert (Pz : 0 <= z ^ J <= y ^ J) by (split; [apply pow_le; lra | apply pow_incr; lra]).
  rewrite (Rabs_right (/ sqrt (1 + y))), (Rabs_right y), (Rabs_right (/ (2 * sqrt (1 + z)))), (Rabs_right (z ^ J)) by lra.
  assert (I1 : / sqrt (1 + y) <= 1) by (rewrite <- Rinv_1 at 2; apply Rinv_le_contravar; lra).
  assert (I2 : / (2 * sqrt (1 + z)) <= 1) by (rewrite <- Rinv_1 at 2; apply Rinv_le_contravar; lra).
  unfold root_rest, c. rewrite Rabs_mult, (Rabs_right (2 * INR J + 1)) by lra. pose proof (Rabs_pos (root_coef J)).
  change (y ^ S J) with (y * y ^ J). set (k := (2 * INR J + 1) * Rabs (root_coef J)).
  assert (Pk : 0 <= k) by (apply Rmult_le_pos; lra).
  apply Rle_trans with (k * y ^ J * 1 * y * 1); [|right; ring].
  apply Rmult_le_compat; [|lra| |lra]; [repeat apply Rmult_le_pos; lra|].
  apply Rmult_le_compat_r; [lra|].
  apply Rmult_le_compat; [apply Rmult_le_pos; lra | lra | apply Rmult_le_compat_l; lra | lra].
Qed.

Lemma sum_abs n f : Rabs (sum n f) <= sum n (fun k => Rabs (f k)).
Proof.
  induction n as [|n IH]; simpl; [rewrite Rabs_R0; lra|]. apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.

Section Data.
Variables (n : nat) (p e : nat -> R).

(* Odd moments: E e^(2j+1) *)
Definition odd_moment (j : nat) : R := sum n (fun k => p k * e k * (e k)² ^ j).

(* If they all vanish, so does E e Q(e^2) for Q(z) = z^j prod (z - e_l^2) over the e_l <> +-x. *)
Fixpoint others (x : R) (m : nat) (z : R) : R :=
  match m with O => 1 | S m => others x m z * (if Req_EM_T (e m)² x² then 1 else z - (e m)²) end.

Local Lemma others_orthogonal x m : (forall j, odd_moment j = 0) ->
  forall j, sum n (fun k => p k * e k * ((e k)² ^ j * others x m (e k)²)) = 0.
Proof.
  intros H. induction m as [|m IH]; intros j.
  - rewrite <- (H j). apply sum_ext; intros. simpl. ring.
  - cbn [others]. destruct (Req_EM_T (e m)² x²); [rewrite <- (IH j); apply sum_ext; intros; ring|].
    transitivity (sum n (fun k => p k * e k * ((e k)² ^ S j * others x m (e k)²))
      - (e m)² * sum n (fun k => p k * e k * ((e k)² ^ j * others x m (e k)²))); [|rewrite !IH; ring].
    rewrite <- sum_scal, <- sum_minus. apply sum_ext; intros. simpl. ring.
Qed.

Local Lemma others_at x m : others x m x² <> 0.
Proof.
  induction m as [|m IH]; cbn [others]; [lra|]. apply Rmult_integral_contrapositive_currified; [auto|].
  destruct (Req_EM_T (e m)² x²); lra.
Qed.

Local Lemma others_zero x m k : (k < m)%nat -> (e k)² <> x² -> others x m (e k)² = 0.
Proof.
  intros Hk N. induction m as [|m IH]; [lia|]. cbn [others]. destruct (Nat.eq_dec k m) as [-> | D].
  - destruct (Req_EM_T (e m)² x²); [contradiction | ring].
  - rewrite IH by lia. ring.
Qed.

Local Lemma pair_term x y : x <> 0 -> forall q, (if Req_EM_T y x then q else 0) - (if Req_EM_T y (- x) then q else 0)
  = if Req_EM_T y² x² then q * y / x else 0.
Proof.
  intros Hx q. destruct (Req_EM_T y² x²) as [E | N].
  - destruct (Rsqr_eq y x E) as [-> | ->]; destruct (Req_EM_T _ x), (Req_EM_T _ (- x)); try lra; field; auto.
  - destruct (Req_EM_T y x) as [-> | _]; [contradiction|].
    destruct (Req_EM_T y (- x)) as [-> | _]; [rewrite <- Rsqr_neg in N; contradiction | lra].
Qed.

Lemma odd_moments_decide : (forall j, odd_moment j = 0) -> symmetric n p e.
Proof.
  intros H x. destruct (Req_dec x 0) as [-> | Hx]; [rewrite Ropp_0; reflexivity|].
  pose proof (others_orthogonal x n H 0) as O. pose proof (others_at x n) as Q.
  assert (E : x * others x n x² * (chance n p e x - chance n p e (- x)) = 0).
  { rewrite <- O. unfold chance. rewrite <- sum_minus, <- sum_scal. apply sum_ext; intros k Hk.
    rewrite (pair_term x (e k) Hx (p k)). destruct (Req_EM_T (e k)² x²) as [E | N].
    - rewrite E. simpl. field. auto.
    - rewrite (others_zero x n k Hk N). ring. }
  apply Rmult_integral in E. destruct E as [E | E]; [|lra]. apply Rmult_integral in E. tauto.
Qed.

(* E psi(e) = 0 for odd psi: counted over the values +-e_l at a time *)
Lemma symmetric_odd psi : symmetric n p e -> (forall x, psi (- x) = - psi x) -> sum n (fun k => p k * psi (e k)) = 0.
Proof.
  intros H odd. set (same := fun k l => if Req_EM_T (e k)² (e l)² then 1 else 0).
  set (count := fun k => sum n (same k)).
  assert (psi0 : psi 0 = 0) by (pose proof (odd 0) as Z; rewrite Ropp_0 in Z; lra).
  assert (Pc : forall k, (k < n)%nat -> 0 < count k).
  { intros k Hk. apply Rlt_le_trans with (same k k);
      [unfold same; destruct (Req_EM_T (e k)² (e k)²); [lra | contradiction]|].
    assert (G : forall m, (k < m)%nat -> same k k <= sum m (same k)).
    { assert (P : forall l, 0 <= same k l) by (intros; unfold same; destruct Req_EM_T; lra).
      intros m. induction m as [|m IH]; intros Hm; [lia|]. rewrite sum_S. destruct (Nat.eq_dec k m) as [<- | D].
      - pose proof (sum_nonneg k (same k) ltac:(auto)). lra.
      - specialize (IH ltac:(lia)). specialize (P m). lra. }
    exact (G n Hk). }
  assert (C : forall k l, (e k)² = (e l)² -> count k = count l).
  { intros k l E. apply sum_ext; intros m _. unfold same. rewrite E. reflexivity. }
  transitivity (sum n (fun k => sum n (fun l => same k l * (p k * psi (e k) / count k)))).
  { apply sum_ext; intros k Hk. pose proof (Pc k Hk).
    transitivity (p k * psi (e k) / count k * sum n (same k)); [unfold count; field; fold (count k); lra|].
    rewrite <- sum_scal. apply sum_ext; intros; ring. }
  rewrite sum_swap. apply sum_0; intros l Hl.
  destruct (Req_dec (e l) 0) as [Z | Z].
  - apply sum_0; intros k Hk. unfold same. rewrite Z. destruct (Req_EM_T (e k)² 0²) as [E | _]; [|ring].
    rewrite Rsqr_0 in E. apply Rsqr_0_uniq in E. rewrite E, psi0. unfold Rdiv. ring.
  - transitivity (psi (e l) / count l * (chance n p e (e l) - chance n p e (- e l))); [|rewrite (H (e l)); ring].
    unfold chance. rewrite <- sum_minus, <- sum_scal. apply sum_ext; intros k Hk. pose proof (Pc l Hl).
    rewrite (pair_term (e l) (e k) Z (p k)). unfold same. destruct (Req_EM_T (e k)² (e l)²) as [E | _]; [|ring].
    rewrite (C k l E). destruct (Rsqr_eq _ _ E) as [-> | ->]; [|rewrite odd]; field; lra.
Qed.

Theorem adam_rests_if_symmetric w v0 T : symmetric n p e -> mean_step n p e w v0 T = 0.
Proof.
  intros H. assert (Z : forall h, Exp n p T (fun h => direction n p e w (second e w v0 h)) h = 0); [|apply Z].
  induction T as [|T IH]; intros h; simpl.
  - apply (symmetric_odd (fun x => - x / sqrt ((1 - w) * second e w v0 h + w * x²)) H).
    intros x. rewrite <- Rsqr_neg. unfold Rdiv. ring.
  - apply sum_0; intros k _. rewrite IH. ring.
Qed.

(* phi(s) = E e/sqrt(1 + s e^2) begins with its first odd moment that is not 0. *)
Local Lemma expansion J s : 0 <= s -> (forall i, (i < J)%nat -> odd_moment i = 0) ->
  Rabs (sum n (fun k => p k * e k * / sqrt (1 + s * (e k)²)) - root_coef J * odd_moment J * s ^ J)
    <= root_rest J * sum n (fun k => Rabs (p k * e k) * (e k)² ^ S J) * s ^ S J.
Proof.
  intros Hs Z.
  assert (Main : sum n (fun k => p k * e k * root_series J (s * (e k)²)) = root_coef J * odd_moment J * s ^ J).
  { transitivity (sum (S J) (fun i => root_coef i * s ^ i * odd_moment i)).
    - unfold odd_moment, root_series.
      transitivity (sum n (fun k => sum (S J) (fun i => root_coef i * s ^ i * (p k * e k * (e k)² ^ i)))).
      + apply sum_ext; intros k _. rewrite <- sum_scal. apply sum_ext; intros i _. rewrite Rpow_mult_distr. ring.
      + rewrite sum_swap. apply sum_ext; intros i _. rewrite sum_scal. reflexivity.
    - rewrite sum_S, sum_0; [ring|]. intros i Hi. rewrite Z by auto. ring. }
  rewrite <- Main, <- sum_minus. apply Rle_trans with (1 := sum_abs _ _).
  rewrite (Rmult_comm (root_rest J)), Rmult_assoc, Rmult_comm, <- sum_scal. apply sum_le; intros k _.
  rewrite <- Rmult_minus_distr_l, Rabs_mult. pose proof (Rle_0_sqr (e k)).
  apply Rle_trans with (Rabs (p k * e k) * (root_rest J * (s * (e k)²) ^ S J)).
  - apply Rmult_le_compat_l; [apply Rabs_pos | apply root_remainder, Rmult_le_pos; auto].
  - right. rewrite Rpow_mult_distr. ring.
Qed.

Lemma first_odd_moment : ~ symmetric n p e -> exists J, odd_moment J <> 0 /\ forall i, (i < J)%nat -> odd_moment i = 0.
Proof.
  intros N. assert (H : exists j, odd_moment j <> 0).
  { apply NNPP. intros C. apply N, odd_moments_decide. intros j. apply NNPP. intros D. apply C. exists j. exact D. }
  destruct H as [j Hj].
  assert (G : forall m, (forall i, (i < m)%nat -> odd_moment i = 0) \/
    exists J, odd_moment J <> 0 /\ forall i, (i < J)%nat -> odd_moment i = 0).
  { induction m as [|m [IH | IH]]; [left; intros; lia | | right; exact IH].
    destruct (Req_dec (odd_moment m) 0) as [E | D]; [left | right; exists m; auto].
    intros i Hi. destruct (Nat.eq_dec i m) as [-> | ]; [auto | apply IH; lia]. }
  destruct (G (S j)) as [A | B]; [|exact B]. contradiction Hj. apply A. lia.
Qed.

Variables (low high : R).
Hypothesis low_pos : 0 < low.
Hypothesis e_bounds : forall k, (k < n)%nat -> low <= (e k)² <= high.
Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.
Hypothesis p_one : sum n p = 1.
Hypothesis asymmetric : ~ symmetric n p e.

Local Lemma direction_phi w v : 0 < w < 1 -> 0 < v -> let s := w / ((1 - w) * v) in
  direction n p e w v = - / sqrt ((1 - w) * v) * sum n (fun k => p k * e k * / sqrt (1 + s * (e k)²)).
Proof.
  intros Hw Hv s. unfold direction, Ex. rewrite <- sum_scal. apply sum_ext; intros k _.
  assert (P : 0 < (1 - w) * v) by (apply Rmult_lt_0_compat; lra). pose proof (Rle_0_sqr (e k)) as Q.
  assert (Ps : 0 < s) by (apply Rdiv_lt_0_compat; lra). assert (0 <= s * (e k)²) by (apply Rmult_le_pos; lra).
  replace ((1 - w) * v + w * (e k)²) with ((1 - w) * v * (1 + s * (e k)²)) by (unfold s; field; lra).
  rewrite sqrt_mult by lra. pose proof (sqrt_lt_R0 _ P). pose proof (sqrt_lt_R0 (1 + s * (e k)²) ltac:(lra)). field. lra.
Qed.

Local Lemma direction_away : exists (J : nat) (w0 c side : R), 0 < w0 /\ 0 < c /\ (side = 1 \/ side = -1) /\
  (forall i, (i < J)%nat -> odd_moment i = 0) /\ side * (root_coef J * odd_moment J) < 0 /\
  forall w v, 0 < w <= w0 -> low <= v <= high -> c * w ^ J <= side * direction n p e w v.
Proof.
  destruct (first_odd_moment asymmetric) as (J & NJ & ZJ). exists J.
  set (D := root_coef J * odd_moment J).
  assert (ND : D <> 0) by (apply Rmult_integral_contrapositive_currified; [apply root_coef_nonzero | auto]).
  pose proof (Rabs_pos_lt D ND) as PD.
  set (B := root_rest J * sum n (fun k => Rabs (p k * e k) * (e k)² ^ S J)).
  assert (PB : 0 <= B).
  { apply Rmult_le_pos; [apply Rmult_le_pos; [pose proof (pos_INR J); lra | apply Rabs_pos]|].
    apply sum_nonneg; intros. apply Rmult_le_pos; [apply Rabs_pos | apply pow_le, Rle_0_sqr]. }
  set (s0 := Rabs D / (2 * (B + 1))). assert (P0 : 0 < s0) by (apply Rdiv_lt_0_compat; lra).
  set (side := if Rle_dec 0 D then -1 else 1).
  assert (SD : side * D < 0) by (unfold side; destruct (Rle_dec 0 D); lra).
  exists (Rmin (1 / 2) (s0 * low / 2)).
  destruct (Rlt_le_dec high low) as [HL | LH].
  { exists 1, side.
    repeat split; auto; [apply Rmin_pos; [lra | nra] | lra | unfold side; destruct Rle_dec; auto | intros; lra]. }
  exists (/ sqrt high * (Rabs D / 2 * (/ high) ^ J)), side.
  pose proof (sqrt_lt_R0 high ltac:(lra)) as Ph. assert (Pi : 0 < / high) by (apply Rinv_0_lt_compat; lra).
  repeat split.
  - apply Rmin_pos; [lra|]. assert (0 < s0 * low) by (apply Rmult_lt_0_compat; lra). lra.
  - apply Rmult_lt_0_compat; [apply Rinv_0_lt_compat; auto|]. apply Rmult_lt_0_compat; [lra | apply pow_lt; auto].
  - unfold side. destruct Rle_dec; auto.
  - exact ZJ.
  - exact SD.
  - intros w v [Hw Hw0] Hv. pose proof (Rmin_l (1 / 2) (s0 * low / 2)). pose proof (Rmin_r (1 / 2) (s0 * low / 2)).
    rewrite direction_phi by lra. cbv zeta. assert (P : 0 < (1 - w) * v) by (apply Rmult_lt_0_compat; lra).
    assert (Wv : 0 <= w * v <= 1 / 2 * v) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_r]; lra).
    set (s := w / ((1 - w) * v)). set (phi := sum n _).
    assert (Up : s <= s0).
    { apply Rmult_le_reg_r with ((1 - w) * v); [auto|]. unfold s.
      replace (w / ((1 - w) * v) * ((1 - w) * v)) with w by (field; lra).
      assert (s0 * (low / 2) <= s0 * ((1 - w) * v)) by (apply Rmult_le_compat_l; lra). lra. }
    assert (Low : / high * w <= s).
    { unfold s, Rdiv. rewrite Rmult_comm. apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; lra. }
    assert (Ps : 0 < s) by (apply Rdiv_lt_0_compat; auto).
    pose proof (expansion J s ltac:(lra) ZJ) as X. fold phi B D in X.
    pose proof (pow_lt s J Ps) as PJ. change (s ^ S J) with (s * s ^ J) in X.
    assert (Half : B * s <= Rabs D / 2).
    { apply Rle_trans with ((B + 1) * s0); [apply Rmult_le_compat; lra|]. right. unfold s0. field. lra. }
    assert (X' : Rabs (phi - D * s ^ J) <= Rabs D / 2 * s ^ J).
    { apply Rle_trans with (1 := X). rewrite <- Rmult_assoc. apply Rmult_le_compat_r; lra. }
    assert (Sign : Rabs D / 2 * s ^ J <= - side * phi).
    { assert (Y : - (Rabs D / 2 * s ^ J) <= phi - D * s ^ J <= Rabs D / 2 * s ^ J).
      { pose proof (Rle_abs (phi - D * s ^ J)). pose proof (Rle_abs (- (phi - D * s ^ J))) as Z.
        rewrite Rabs_Ropp in Z. lra. }
      unfold side. destruct (Rle_dec 0 D) as [Q | Q].
      - rewrite (Rabs_right D) in * by lra. lra.
      - rewrite (Rabs_left D) in * by lra. lra. }
    assert (Pw : (/ high * w) ^ J <= s ^ J) by (apply pow_incr; split; [apply Rmult_le_pos; lra | auto]).
    rewrite Rpow_mult_distr in Pw.
    replace (side * (- / sqrt ((1 - w) * v) * phi)) with (/ sqrt ((1 - w) * v) * (- side * phi)) by ring.
    replace (/ sqrt high * (Rabs D / 2 * (/ high) ^ J) * w ^ J)
      with (/ sqrt high * (Rabs D / 2 * ((/ high) ^ J * w ^ J))) by ring.
    assert (0 < (/ high) ^ J * w ^ J) by (apply Rmult_lt_0_compat; apply pow_lt; lra).
    apply Rmult_le_compat; [left; apply Rinv_0_lt_compat; auto | apply Rmult_le_pos; lra | |].
    + apply Rinv_le_contravar; [apply sqrt_lt_R0; auto | apply sqrt_le_1_alt; lra].
    + apply Rle_trans with (2 := Sign). apply Rmult_le_compat_l; lra.
Qed.

Theorem adam_rests_only_if_symmetric : exists (J : nat) (w0 c side : R), 0 < w0 /\ 0 < c /\ (side = 1 \/ side = -1) /\
  (forall i, (i < J)%nat -> odd_moment i = 0) /\ side * (root_coef J * odd_moment J) < 0 /\
  forall w v0 T, 0 < w <= w0 -> low <= v0 <= high -> c * w ^ J <= side * mean_step n p e w v0 T.
Proof.
  destruct direction_away as (J & w0 & c & side & P0 & Pc & Hs & Z & S & H). exists J, (Rmin w0 1), c, side.
  pose proof (Rmin_l w0 1) as M1. pose proof (Rmin_r w0 1) as M2.
  repeat split; auto; [apply Rmin_pos; lra|]. intros w v0 T Hw Hv.
  assert (B : forall h, valid n h -> low <= second e w v0 h <= high).
  { intros h V. induction V as [|k h Hk V IH]; simpl; [auto|]. pose proof (e_bounds k Hk). apply between; lra. }
  unfold mean_step. rewrite <- Exp_scal. rewrite <- (Exp_const n p p_one T (c * w ^ J) []).
  apply Exp_le; [auto | constructor |]. intros h V _. apply H; [lra | auto].
Qed.
End Data.
