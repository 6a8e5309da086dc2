(* T5 needs its ln T: for all alpha, eps, L, G > 0 and 0 <= beta2 < 1 there are c > 0, D0 and T0 such that for every
   T >= T0 there is a problem with d = 1, F(x_0) - F* <= D0 and these L and G on which AVGrad without momentum, with step
   alpha/sqrt(t), has
       (1/T) sum_t E|grad F(x_{t-1})|^2 >= c ln T/sqrt T.
   The problem is the ratchet of RatchetFunction.v, the walk on it that of RatchetWalk.v; here its lengths are chosen. *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm DecreasingWeights.
From Mada Require Import AVGradWeights AVGradRatioSum Paths DecoupledRate AVGradRate ExponentialMoment.
From Mada Require Import RatchetFunction RatchetWalk.
Import ListNotations.
Local Open Scope R_scope.

Lemma between_naturals y : 0 <= y -> exists n, INR n <= y < INR n + 1.
Proof.
  intros Hy. destruct (archimed y) as [A B]. assert (Z : (0 <= up y - 1)%Z).
  { assert (0 < up y)%Z; [|lia]. apply lt_IZR. lra. }
  exists (Z.to_nat (up y - 1)). rewrite INR_IZR_INZ, Z2Nat.id by auto. rewrite minus_IZR. lra.
Qed.

(* sqrt T and ln T grow beyond every bound, and sqrt T faster. *)
Lemma eventually C : exists T0, forall T, (T0 <= T)%nat ->
  C <= ln (INR T) /\ C <= sqrt (INR T) /\ C * ln (INR T) <= sqrt (INR T).
Proof.
  set (K := 1 + Rabs C). pose proof (Rabs_pos C) as P. pose proof (Rle_abs C) as Q.
  assert (PK : 1 <= K) by (unfold K; lra). assert (CK : C <= K) by (unfold K; lra). set (y := exp K + (4 * K) ^ 4).
  assert (PP : 0 < (4 * K) ^ 4) by (apply pow_lt; lra). pose proof (exp_pos K) as PE.
  destruct (between_naturals y ltac:(unfold y; lra)) as (n & _ & Hn). exists (S n). intros T HT. apply le_INR in HT.
  rewrite S_INR in HT. set (x := INR T) in *. assert (Hx : y <= x) by lra. unfold y in Hx.
  assert (L1 : K <= ln x).
  { rewrite <- (ln_exp K). apply ln_le_mono; lra. }
  set (u := sqrt (sqrt x)). assert (Ps : 0 < sqrt x) by (apply sqrt_lt_R0; lra).
  assert (Pu : 0 < u) by (apply sqrt_lt_R0; auto).
  assert (U2 : u * u = sqrt x) by (apply sqrt_sqrt; lra). assert (X2 : sqrt x * sqrt x = x) by (apply sqrt_sqrt; lra).
  assert (Hu : 4 * K <= u).
  { apply Rnot_lt_le. intros N. assert (u * u < (4 * K) * (4 * K)) by nra.
    assert (x < (4 * K) ^ 4); [|lra]. rewrite <- X2, <- U2. simpl. rewrite Rmult_1_r. nra. }
  assert (L2 : ln x <= 4 * u).
  { assert (E : ln x = 4 * ln u).
    { rewrite <- X2, <- U2. rewrite !ln_mult by (try apply Rmult_lt_0_compat; auto). ring. }
    rewrite E. apply Rmult_le_compat_l; [lra|]. pose proof (exp_above_tangent (ln u)) as T'.
    rewrite exp_ln in T' by auto. lra. }
  repeat split; [lra | nra |]. apply Rle_trans with (K * ln x); [apply Rmult_le_compat_r; lra|].
  apply Rle_trans with (K * (4 * u)); [apply Rmult_le_compat_l; lra|]. rewrite <- U2. nra.
Qed.

(* AVGrad on a ratchet, G = alpha = 1. *)
Section OnRatchet.
Variables (eps beta2 M mu L X0 X1 s Lam Fstar : R) (t0 : nat) (F : R -> R).
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Let slope := slope_of M mu L X0 X1 s Lam.
Let g := ratchet_gradient M mu L X0 X1 s Lam.
Hypothesis A : assumptions 4 quarter 1 (fun y => F (y O)) (fun y _ => slope (y O)) L Fstar g 1.
Hypothesis speed_pos : 0 < mu / X0.
Hypothesis corridor : forall x, x <= X0 -> slope x = - (mu / X0).
Let s0 := mu / X0.
Let start : vec := fun _ => X0 - s0 * corridor_steps eps beta2 s0 t0.
Let P := avgrad_point g eps 1 beta2 start.
Let V h := moment (avgrad g eps 1 beta2 start h) O.
Let U h := total (avgrad g eps 1 beta2 start h) O.
Let eta h q := / sqrt (INR (S (length h)) * eps + U h + beta2 * V h + (1 - beta2) * q).

Local Lemma P_moves k h : P (k :: h) O = P h O - eta h ((g k (P h) O)²) * g k (P h) O.
Proof.
  unfold P. rewrite AVGradRate.moves by auto. unfold eta, square, U, V. fold P. unfold Rdiv. ring.
Qed.

Local Lemma eta_between h q : valid 4 h -> 0 <= q <= 1 ->
  / (sqrt (1 + eps) * sqrt (INR (S (length h)))) <= eta h q <= / (sqrt eps * sqrt (INR (S (length h)))).
Proof.
  intros Hv Hq. pose proof (INR_S_pos (length h)) as Pt.
  destruct (AVGradRate.state_bounds 4 quarter 1 _ _ L Fstar g 1 A eps 1 beta2 start beta2_01 O h Hv ltac:(lia)) as [[V0
    V1] [U0 U1]].
  fold (V h) in V0, V1. fold (U h) in U0, U1. rewrite Rsqr_1 in *. rewrite <- !sqrt_mult by lra. unfold eta.
  assert (0 < INR (S (length h)) * eps) by (apply Rmult_lt_0_compat; auto).
  assert (0 <= beta2 * V h <= beta2 * 1) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_l]; lra).
  assert (0 <= (1 - beta2) * q <= (1 - beta2) * 1) by (split; [apply Rmult_le_pos | apply Rmult_le_compat_l]; lra).
  split; apply Rinv_le_contravar; try (apply sqrt_lt_R0; nra); apply sqrt_le_1_alt; rewrite ?S_INR in *; lra.
Qed.

Local Lemma steps_pos n : 0 < / sqrt (INR (S n) * eps + tvbar beta2 (fun _ => s0²) (S n)).
Proof.
  apply Rinv_0_lt_compat, sqrt_lt_R0. pose proof (INR_S_pos n).
  assert (0 < INR (S n) * eps) by (apply Rmult_lt_0_compat; auto).
  assert (0 <= tvbar beta2 (fun _ => s0²) (S n)); [|lra].
  apply tvbar_nonneg; [intros; apply Rle_0_sqr | lra].
Qed.

Local Lemma in_corridor h : (length h <= t0)%nat ->
  P h O = X0 - s0 * (corridor_steps eps beta2 s0 t0 - corridor_steps eps beta2 s0 (length h)) /\
  V h = v beta2 (fun _ => s0²) (length h) /\ U h = tvbar beta2 (fun _ => s0²) (length h).
Proof.
  induction h as [|k h IH]; intros Hl.
  - repeat split. unfold P, avgrad_point. simpl. unfold start, corridor_steps. simpl. ring.
  - simpl in Hl. destruct (IH ltac:(lia)) as (E1 & E2 & E3).
    assert (Less : forall n j, corridor_steps eps beta2 s0 n <= corridor_steps eps beta2 s0 (j + n)).
    { intros n j. induction j as [|j IHj]; simpl plus; [lra|]. unfold corridor_steps in *. rewrite (sum_S (j + n)).
      pose proof (steps_pos (j + n)). lra. }
    assert (Below : P h O < X0).
    { pose proof (Less (S (length h)) (t0 - S (length h))%nat) as Q. rewrite Nat.sub_add in Q by lia.
      unfold corridor_steps in Q at 1. rewrite sum_S in Q.
      fold (corridor_steps eps beta2 s0 (length h)) in Q. pose proof (steps_pos (length h)) as Q'. rewrite E1.
      assert (0 < s0 * (corridor_steps eps beta2 s0 t0 - corridor_steps eps beta2 s0 (length h))); [|lra].
      apply Rmult_lt_0_compat; [exact speed_pos | lra]. }
    assert (Eg : g k (P h) O = - s0).
    { unfold g, ratchet_gradient. cbv zeta. destruct (Rle_dec X0 (P h O)); [lra|]. apply corridor. lra. }
    assert (EV : V (k :: h) = v beta2 (fun _ => s0²) (length (k :: h))).
    { change (V (k :: h)) with (beta2 * V h + (1 - beta2) * (g k (P h) O)²). rewrite Eg, <- Rsqr_neg, E2. reflexivity. }
    assert (EU : U (k :: h) = tvbar beta2 (fun _ => s0²) (length (k :: h))).
    { change (U (k :: h)) with (U h + V (k :: h)). rewrite EV, E3. reflexivity. }
    repeat split; auto. rewrite P_moves. change (length (k :: h)) with (S (length h)) in *.
    unfold eta. change ((g k (P h) O)²) with (square g P O k h). unfold U at 1, V.
    rewrite AVGradRate.denominator. fold (U (k :: h)). rewrite EU, Eg, E1.
    unfold corridor_steps. rewrite (sum_S (length h)). ring.
Qed.

Local Lemma arrives h : length h = t0 -> P h O = X0.
Proof. intros Hl. destruct (in_corridor h ltac:(lia)) as (E & _). rewrite E, Hl. ring. Qed.

Local Lemma mean_is T : mean_squared_gradient 4 quarter 1 (fun y _ => slope (y O)) P T
  = / INR T * sum T (fun t => Exp 4 quarter t (fun h => (slope (P h O))²) []).
Proof.
  unfold mean_squared_gradient, squared_gradient. f_equal. apply sum_ext. intros t _. f_equal.
  apply functional_extensionality. intros h. unfold sqn. simpl. ring.
Qed.
End OnRatchet.

Lemma ratchet_assumptions M mu L X0 X1 s Lam Fstar F : (forall x, Fstar <= F x) ->
  smooth 1 (fun y => F (y O)) (fun y _ => slope_of M mu L X0 X1 s Lam (y O)) L ->
  (forall x, Rabs (slope_of M mu L X0 X1 s Lam x) <= 1) ->
  (forall x, X0 <= x <= X1 -> Rabs (slope_of M mu L X0 X1 s Lam x) <= 1 / 2) ->
  assumptions 4 quarter 1 (fun y => F (y O)) (fun y _ => slope_of M mu L X0 X1 s Lam (y O)) L Fstar
    (ratchet_gradient M mu L X0 X1 s Lam) 1.
Proof.
  intros Low Smooth Bound Half. constructor; auto using quarter_pos, quarter_one.
  - intros k y i Hk _. unfold ratchet_gradient. cbv zeta. destruct (Rle_dec X0 (y O)); [|apply Bound].
    destruct (Rle_dec (y O) X1); [|apply Bound]. destruct (Rlt_dec _ _); [|apply Bound].
    destruct k as [|[|k]]; [apply Rabs_le; lra | apply Rabs_le; lra |].
    rewrite Rabs_mult, Rabs_right by lra. pose proof (Half (y O) ltac:(auto)). lra.
  - intros y i _. rewrite Ex_quarter. unfold ratchet_gradient. cbv zeta. destruct (Rle_dec X0 (y O)); [|field].
    destruct (Rle_dec (y O) X1); [|field]. destruct (Rlt_dec _ _); field.
Qed.

(* alpha = G = 1. *)
Lemma unit_rate eps beta2 L : 0 < eps -> 0 <= beta2 < 1 -> 0 < L -> exists c D0 T0, 0 < c /\
  forall T, (T0 <= T)%nat -> exists F gF g Fstar x0, assumptions 4 quarter 1 F gF L Fstar g 1 /\ F x0 - Fstar <= D0 /\
    c * (ln (INR T) / sqrt (INR T)) <= mean_squared_gradient 4 quarter 1 gF (avgrad_point g eps 1 beta2 x0) T.
Proof.
  intros Peps Hb PL. set (e := sqrt eps). set (rho := sqrt (1 + eps)).
  assert (Pe : 0 < e) by (apply sqrt_lt_R0; auto). assert (Ee : e * e = eps) by (apply sqrt_sqrt; lra).
  assert (Prho : 1 <= rho) by (rewrite <- sqrt_1; apply sqrt_le_1_alt; lra).
  assert (Her : e <= rho) by (apply sqrt_le_1_alt; lra).
  assert (EM : exists M, M = e / (12000 * rho ^ 3)) by eauto. destruct EM as (M & M_is). assert (PM : 0 < M).
  { rewrite M_is. apply Rdiv_lt_0_compat; [auto|]. assert (0 < rho ^ 3) by (apply pow_lt; lra). lra. }
  assert (Emu : exists mu, mu = L * M / 2) by eauto. destruct Emu as (mu & mu_is).
  assert (Pmu : 0 < mu) by (rewrite mu_is; pose proof (Rmult_lt_0_compat L M PL PM); lra).
  assert (Ea : exists a, a = L / (5 * rho)) by eauto. destruct Ea as (a & a_is).
  assert (Pa : 0 < a) by (rewrite a_is; apply Rdiv_lt_0_compat; lra).
  (* t0, k0, X0 *)
  assert (EC : exists C, C = a + 216 + 16 * (L / e)) by eauto. destruct EC as (C & C_is).
  assert (PLe : 0 < L / e) by (apply Rdiv_lt_0_compat; auto).
  destruct (eventually (1 + 100 * L / e + 3200 * C / (M * (e * e)) + (1 + 36 * (mu * mu)) / (2 * M * a))) as (t0' &
    Ht0').
  destruct (Ht0' (S t0') ltac:(lia)) as (_ & Ht0 & _). clear Ht0'. set (t0 := S t0') in *.
  set (u0 := sqrt (INR t0)) in *.
  assert (PMe : 0 < M * (e * e)) by (repeat apply Rmult_lt_0_compat; auto).
  assert (PMa : 0 < 2 * M * a) by (repeat apply Rmult_lt_0_compat; auto; lra).
  assert (T1 : 0 < 100 * L / e) by (apply Rdiv_lt_0_compat; lra).
  assert (T2 : 0 < 3200 * C / (M * (e * e))) by (apply Rdiv_lt_0_compat; lra).
  assert (T3 : 0 < (1 + 36 * (mu * mu)) / (2 * M * a)) by (apply Rdiv_lt_0_compat; [pose proof (Rle_0_sqr mu) as Q;
    unfold Rsqr in Q; lra | auto]).
  assert (U1 : 100 * L <= e * u0) by (replace (100 * L) with (e * (100 * L / e)) by (field; lra);
    apply Rmult_le_compat_l; lra).
  assert (U2 : 3200 * C <= M * (e * e) * u0).
  { replace (3200 * C) with (M * (e * e) * (3200 * C / (M * (e * e)))) by (field; lra). apply Rmult_le_compat_l; lra. }
  assert (U3 : 1 + 36 * (mu * mu) <= 2 * M * a * u0).
  { replace (1 + 36 * (mu * mu)) with (2 * M * a * ((1 + 36 * (mu * mu)) / (2 * M * a))) by (field; lra).
    apply Rmult_le_compat_l; lra. }
  assert (Pau : 0 < a * u0) by (apply Rmult_lt_0_compat; lra).
  destruct (between_naturals ((a * u0 + 208) / 8) ltac:(lra)) as (k0 & K0 & K0').
  assert (Hk0 : a * u0 + 200 <= 8 * INR k0 <= a * u0 + 208) by lra.
  set (X0 := sqrt (2 * M * (8 * INR k0))).
  assert (P0 : 0 < 2 * M * (8 * INR k0)) by (repeat apply Rmult_lt_0_compat; lra).
  assert (X0_is : X0² = 2 * M * (8 * INR k0)) by (apply Rsqr_sqrt; lra).
  assert (PX0 : 0 < X0) by (apply sqrt_lt_R0; auto).
  assert (X0_up : 1 + 36 * (mu * mu) <= X0²).
  { rewrite X0_is. apply Rle_trans with (1 := U3).
    replace (2 * M * a * u0) with (2 * M * (a * u0)) by ring. apply Rmult_le_compat_l; lra. }
  assert (Smu : (6 * mu)² = 36 * (mu * mu)) by (unfold Rsqr; ring). pose proof (Rle_0_sqr (6 * mu)) as Smu0.
  assert (X0_1 : 1 <= X0) by (apply Rsqr_incr_0_var; [rewrite Rsqr_1; lra | lra]).
  assert (X0_mu : 6 * mu <= X0) by (apply Rsqr_incr_0_var; lra).
  assert (k0_1 : (1 <= k0)%nat) by (apply INR_le; simpl; lra).
  set (s0 := mu / X0). assert (Ps0 : 0 < s0) by (apply Rdiv_lt_0_compat; auto).
  set (gap := s0 * corridor_steps eps beta2 s0 t0).
  assert (Pgap : 0 <= gap).
  { apply Rmult_le_pos; [lra|]. apply sum_nonneg. intros n _. left. apply steps_pos; auto. }
  (* the horizon *)
  assert (Eb : exists b, b = a / 256) by eauto. destruct Eb as (b & b_is). assert (Pb : 0 < b) by lra.
  assert (Ekap : exists kap, kap = mu * e / 40) by eauto. destruct Ekap as (kap & kap_is).
  assert (Pkap : 0 < kap) by (rewrite kap_is; pose proof (Rmult_lt_0_compat mu e Pmu Pe); lra).
  assert (Pk0 : 0 < INR k0) by lra.
  destruct (eventually ((1 + INR k0) / b + eps / kap + 2 * e / L)) as (Ta & Ha).
  destruct (eventually (1 + mu² / (16 * M * b * kap) + 4 * (1 + Rabs (ln (b / INR k0))))) as (Tb & Hb').
  destruct (eventually (kap + 16 * kap * M * a * rho² / (L² * mu²))) as (Tc & Hc).
  exists (kap / 16), (s0 * gap + mu / (8 * INR k0)), (Ta + Tb + Tc + 8 * t0 + 8)%nat. split; [lra|]. intros T HT.
  destruct (Ha T ltac:(lia)) as (_ & Ha' & _). destruct (Hb' T ltac:(lia)) as (Hb1 & _).
  destruct (Hc T ltac:(lia)) as (_ & _ & Hc').
  clear Ha Hb' Hc. set (q := ln (INR T)) in *. set (r := sqrt (INR T)) in *.
  assert (Tlarge : 8 <= INR T) by (replace 8 with (INR 8) by (simpl; lra); apply le_INR; lia).
  assert (r2 : r * r = INR T) by (apply sqrt_sqrt; lra). assert (r1 : 1 <= r) by (unfold r; rewrite <- sqrt_1;
    apply sqrt_le_1_alt; lra).
  assert (A1 : 0 < (1 + INR k0) / b) by (apply Rdiv_lt_0_compat; lra).
  assert (A2 : 0 < eps / kap) by (apply Rdiv_lt_0_compat; auto).
  assert (A3 : 0 < 2 * e / L) by (apply Rdiv_lt_0_compat; lra).
  assert (B1 : 1 + INR k0 <= b * r) by (replace (1 + INR k0) with (b * ((1 + INR k0) / b)) by (field; lra);
    apply Rmult_le_compat_l; lra).
  assert (B2 : eps <= kap * r) by (replace eps with (kap * (eps / kap)) by (field; lra); apply Rmult_le_compat_l; lra).
  assert (B3 : 2 * e <= L * r) by (replace (2 * e) with (L * (2 * e / L)) by (field; lra); apply Rmult_le_compat_l;
    lra).
  assert (P16 : 0 < 16 * M * b * kap) by (repeat apply Rmult_lt_0_compat; lra).
  assert (Pm2 : 0 < mu²) by (apply Rsqr_pos_lt; lra). assert (PL2 : 0 < L²) by (apply Rsqr_pos_lt; lra).
  assert (A4 : 0 < mu² / (16 * M * b * kap)) by (apply Rdiv_lt_0_compat; auto).
  pose proof (Rabs_pos (ln (b / INR k0))) as A5. assert (q1 : 1 <= q) by lra.
  assert (B4 : mu² <= 16 * M * b * kap * q).
  { replace (mu²) with (16 * M * b * kap * (mu² / (16 * M * b * kap))) by (field; lra). apply Rmult_le_compat_l; lra. }
  assert (PLm : 0 < L² * mu²) by (apply Rmult_lt_0_compat; auto).
  assert (A6 : 0 < 16 * kap * M * a * rho² / (L² * mu²)).
  { apply Rdiv_lt_0_compat; [|auto]. assert (0 < rho²) by (apply Rsqr_pos_lt; lra).
    repeat apply Rmult_lt_0_compat; lra. }
  set (k6 := 16 * kap * M * a * rho² / (L² * mu²)) in *. assert (Pq0 : 0 < kap * q) by (apply Rmult_lt_0_compat; lra).
  assert (B56 : 0 <= k6 * q) by (apply Rmult_le_pos; lra). rewrite Rmult_plus_distr_r in Hc'.
  assert (B5 : kap * q <= r) by lra.
  assert (B6 : 16 * kap * M * a * rho² * q <= L² * mu² * r).
  { replace (16 * kap * M * a * rho² * q) with (L² * mu² * (k6 * q)) by (unfold k6; field; lra).
    apply Rmult_le_compat_l; lra. }
  set (m := (T / 4)%nat). assert (Hm : (4 * m <= T < 4 * m + 4)%nat).
  { pose proof (Nat.div_mod T 4 ltac:(lia)). pose proof (Nat.mod_upper_bound T 4 ltac:(lia)). fold m in H. lia. }
  set (um := sqrt (INR (2 * m))).
  assert (Hum : r / 2 <= um <= r).
  { split.
    - replace (r / 2) with (sqrt (INR T / 4)).
      + apply sqrt_le_1_alt. assert (INR T <= INR (8 * m)) by (apply le_INR; lia). rewrite mult_INR in H.
        rewrite mult_INR. simpl in *. lra.
      + rewrite sqrt_div_alt by lra. replace 4 with (2 * 2) by ring. rewrite sqrt_square by lra. reflexivity.
    - apply sqrt_le_1_alt, le_INR. lia. }
  assert (Paum : 0 < a * um) by (apply Rmult_lt_0_compat; lra).
  destruct (between_naturals (a * um / 64) ltac:(lra)) as (k1 & K1 & K1').
  assert (K1b : b * r <= INR k1).
  { assert (a * (r / 2) <= a * um) by (apply Rmult_le_compat_l; lra).
    assert (b * r = a * r / 256) by (rewrite b_is; field). lra. }
  assert (K1a : 64 * INR k1 <= a * r) by (assert (a * um <= a * r) by (apply Rmult_le_compat_l; lra); lra).
  assert (Hk : (1 <= k0 <= k1)%nat) by (split; [auto | apply INR_le; lra]).
  assert (Pk1 : 0 < INR k1) by lra. set (X1 := sqrt (2 * M * (8 * INR k1))).
  assert (P1 : 0 < 2 * M * (8 * INR k1)) by (repeat apply Rmult_lt_0_compat; lra).
  assert (X1_is : X1² = 2 * M * (8 * INR k1)) by (apply Rsqr_sqrt; lra).
  assert (PX1 : 0 < X1) by (apply sqrt_lt_R0; auto).
  set (s := sqrt (kap * q / r)). assert (Pq : 0 < kap * q / r) by (apply Rdiv_lt_0_compat; lra).
  assert (s2 : s² = kap * q / r) by (apply Rsqr_sqrt; lra). assert (Ps : 0 < s) by (apply sqrt_lt_R0; auto).
  assert (s2r : s² * r = kap * q) by (rewrite s2; field; lra).
  assert (s_small : s <= 1).
  { apply Rsqr_incr_0_var; [|lra]. rewrite Rsqr_1. apply Rmult_le_reg_r with r; lra. }
  assert (X1s : mu² <= X1² * s²).
  { rewrite X1_is. apply Rle_trans with (1 := B4).
    replace (16 * M * b * kap * q) with (16 * M * b * (kap * q)) by ring. rewrite <- s2r.
    replace (16 * M * b * (s² * r)) with (16 * M * s² * (b * r)) by ring.
    replace (2 * M * (8 * INR k1) * s²) with (16 * M * s² * INR k1) by ring.
    apply Rmult_le_compat_l; [|lra]. apply Rmult_le_pos; [lra | apply Rle_0_sqr]. }
  assert (s_large : mu / X1 <= s).
  { apply Rmult_le_reg_r with X1; [auto|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    apply Rsqr_incr_0_var; [rewrite Rsqr_mult; lra | apply Rmult_le_pos; lra]. }
  set (Lam := 4 * (s / e) * r). assert (PsE : 0 < s / e) by (apply Rdiv_lt_0_compat; auto).
  assert (PLam : 0 <= Lam) by (unfold Lam; apply Rmult_le_pos; lra).
  assert (esr : e <= s * r).
  { apply Rsqr_incr_0_var; [|apply Rmult_le_pos; lra]. rewrite Rsqr_mult. unfold Rsqr at 1 3. rewrite Ee.
    replace (s² * (r * r)) with (kap * r * q) by (rewrite <- Rmult_assoc, s2r; ring). apply Rle_trans with (1 := B2).
    rewrite <- (Rmult_1_r (kap * r)) at 1. apply Rmult_le_compat_l; [|lra]. apply Rmult_le_pos; lra. }
  assert (tail_long : 1 + 2 * (s / e) * r <= slope_end mu L X1 s Lam - X1).
  { unfold slope_end, Lam. assert (0 <= (s - mu / X1) / L) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat;
    auto]).
    assert (1 <= s / e * r); [|lra]. apply Rmult_le_reg_l with e; [auto|].
    replace (e * (s / e * r)) with (s * r) by (field; lra). lra. }
  assert (sX : s * X1 <= L * mu * r / (8 * rho)).
  { assert (Prr : 0 < rho²) by (apply Rsqr_pos_lt; lra).
    apply Rsqr_incr_0_var; [|left; apply Rdiv_lt_0_compat; [repeat apply Rmult_lt_0_compat; lra | lra]].
    rewrite Rsqr_mult, X1_is. apply Rle_trans with (M * a * (kap * q) / 4).
    - rewrite <- s2r. replace (s² * (2 * M * (8 * INR k1))) with (M * s² / 4 * (64 * INR k1)) by field.
      replace (M * a * (s² * r) / 4) with (M * s² / 4 * (a * r)) by field. apply Rmult_le_compat_l; [|lra].
      assert (0 <= M * s²) by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]). lra.
    - replace ((L * mu * r / (8 * rho))²) with (L² * mu² * (r * r) / (64 * rho²)) by (unfold Rsqr; field; lra).
      apply Rmult_le_reg_r with (64 * rho²); [lra|]. unfold Rdiv at 2.
      rewrite (Rmult_assoc _ (/ _)), Rinv_l, Rmult_1_r by lra.
      replace (M * a * (kap * q) / 4 * (64 * rho²)) with (16 * kap * M * a * rho² * q) by field.
      apply Rle_trans with (1 := B6).
      apply Rmult_le_compat_l; [lra|]. rewrite <- (Rmult_1_r r) at 1. apply Rmult_le_compat_l; lra. }
  assert (tail_short : s / L <= INR m * (mu / (X1 * (rho * r)))).
  { assert (HT8 : INR T <= 8 * INR m).
    { replace 8 with (INR 8) by (simpl; lra). rewrite <- mult_INR. apply le_INR. lia. }
    assert (Prr : 0 < rho * r) by (apply Rmult_lt_0_compat; lra).
    assert (PXr : 0 < X1 * (rho * r)) by (apply Rmult_lt_0_compat; auto).
    assert (Pm : 0 < mu / (X1 * (rho * r))) by (apply Rdiv_lt_0_compat; auto).
    apply Rle_trans with (r * r / 8 * (mu / (X1 * (rho * r)))); [|apply Rmult_le_compat_r; lra].
    apply Rmult_le_reg_l with (L * X1); [apply Rmult_lt_0_compat; auto|].
    replace (L * X1 * (s / L)) with (s * X1) by (field; lra).
    replace (L * X1 * (r * r / 8 * (mu / (X1 * (rho * r))))) with (L * mu * r / (8 * rho)) by (field; repeat split;
      lra). exact sX. }
  assert (floor : s * (Lam + 2 * s / L) <= mu / 2 * (ln (INR k1 / INR k0) - / (4 * INR k0))).
  { assert (S1 : s * Lam = mu * q / 10).
    { unfold Lam. replace (s * (4 * (s / e) * r)) with (4 / e * (s² * r)) by (unfold Rsqr; field; lra).
      rewrite s2r, kap_is. field. lra. }
    assert (S2 : s * (2 * s / L) <= mu * q / 40).
    { replace (s * (2 * s / L)) with (2 * e * (kap * q / (L * r * e))) by (rewrite <- s2r; unfold Rsqr; field; lra).
      replace (mu * q / 40) with (L * r * (kap * q / (L * r * e))) by (rewrite kap_is; field; lra).
      apply Rmult_le_compat_r; [|lra]. left. apply Rdiv_lt_0_compat; [lra|]. repeat apply Rmult_lt_0_compat; lra. }
    assert (S3 : q / 2 + ln (b / INR k0) <= ln (INR k1 / INR k0)).
    { assert (Pbk : 0 < b / INR k0) by (apply Rdiv_lt_0_compat; auto).
      replace (q / 2) with (ln r).
      - rewrite <- ln_mult by lra. assert (E : r * (b / INR k0) <= INR k1 / INR k0).
        { unfold Rdiv. rewrite <- Rmult_assoc, (Rmult_comm r b).
          apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto | auto]. }
        apply ln_le_mono; [apply Rmult_lt_0_compat; lra | exact E].
      - unfold q. rewrite <- r2, ln_mult by lra. field. }
    assert (S4 : / (4 * INR k0) <= 1).
    { rewrite <- Rinv_1. apply Rinv_le_contravar; [lra|]. apply (le_INR 1) in k0_1. simpl in k0_1. lra. }
    pose proof (Rle_abs (- ln (b / INR k0))) as S5. rewrite Rabs_Ropp in S5.
    replace (s * (Lam + 2 * s / L)) with (s * Lam + s * (2 * s / L)) by ring. rewrite S1.
    apply Rle_trans with (mu / 2 * (q / 4)); [lra|]. apply Rmult_le_compat_l; lra. }
  (* the problem *)
  assert (Half : forall x, X0 <= x <= X1 -> Rabs (slope_of M mu L X0 X1 s Lam x) <= 1 / 2).
  { intros x Hx. assert (E : slope_of M mu L X0 X1 s Lam x = mu * tooth (level M x) / x) by (eapply slope_engine;
    eassumption).
    assert (E' : slope_of M mu L X0 X1 s Lam x * x = mu * tooth (level M x)) by (rewrite E; field; lra).
    pose proof (tooth_bounds (level M x)) as [D1 D2]. apply Rmult_le_compat_l with (r := mu) in D1, D2; [|lra | lra].
    apply Rabs_le. split; apply Rmult_le_reg_r with x; lra. }
  assert (Bound : forall x, Rabs (slope_of M mu L X0 X1 s Lam x) <= 1).
  { intros x. eapply slope_bound; first [eassumption | lra]. }
  assert (Prim : exists F, forall x, derivable_pt_lim F x (slope_of M mu L X0 X1 s Lam x)) by (eapply slope_primitive;
    eassumption).
  destruct Prim as (F & HF).
  assert (Low : forall x, F X0 - mu / (8 * INR k0) <= F x) by (intros x; eapply (F_floor M mu L X0 X1 s Lam k0 k1);
    eassumption).
  assert (Corr : forall x, x <= X0 -> slope_of M mu L X0 X1 s Lam x = - (mu / X0)) by (intros x Hx;
    eapply slope_corridor; eassumption).
  assert (Smooth : smooth 1 (fun y => F (y O)) (fun y _ => slope_of M mu L X0 X1 s Lam (y O)) L) by (eapply (F_smooth M
    mu L X0 X1 s Lam); eassumption).
  pose proof (ratchet_assumptions M mu L X0 X1 s Lam _ F Low Smooth Bound Half) as A.
  exists (fun y => F (y O)), (fun y _ => slope_of M mu L X0 X1 s Lam (y O)), (ratchet_gradient M mu L X0 X1 s Lam),
    (F X0 - mu / (8 * INR k0)), (fun _ => X0 - gap). split; [exact A|]. split.
  - assert (E : F (X0 - gap) = F X0 + mu / X0 * gap) by (eapply (F_corridor M mu L X0 X1 s Lam); eassumption).
    rewrite E. unfold s0. lra.
  - apply Rle_trans with (s² / 16); [rewrite s2; right; field; lra|].
    refine (Rle_trans _ _ _ _ (Req_le_sym _ _ (mean_is eps beta2 M mu L X0 X1 s Lam t0 T))).
    assert (K1u : 64 * INR k1 <= a * um) by lra. subst C a.
    refine (walk_keeps_slope e rho L M mu X0 X1 s Lam k0 k1 t0 m T Pe Prho Her PL M_is mu_is X0_1 X0_mu PX1 X0_is X1_is
      Hk s_large
      s_small PLam _ U1 U2 Hk0 K1u _ _ tail_long tail_short _ _
      (fun k h _ _ => P_moves eps beta2 M mu L X0 X1 s Lam t0 Peps Hb k h)
      (eta_between eps beta2 M mu L X0 X1 s Lam _ t0 F Peps Hb A)
      (fun h _ => arrives eps beta2 M mu L X0 X1 s Lam t0 Peps Hb Ps0 Corr h)); lia.
Qed.

(* x multiplied by alpha and g by G: the path is multiplied by alpha. *)
Section Scaled.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R) (g : nat -> vec -> vec).
Variables (alpha G : R).
Hypothesis alpha_pos : 0 < alpha.
Hypothesis G_pos : 0 < G.
Let shrink (y : vec) : vec := fun i => y i / alpha.
Let Fs y := alpha * G * F (shrink y).
Let gFs y : vec := fun i => G * gF (shrink y) i.
Let gs k y : vec := fun i => G * g k (shrink y) i.

Lemma scaled_assumptions : assumptions n p d F gF L Fstar g 1 -> assumptions n p d Fs gFs (G * L / alpha) (alpha * G *
  Fstar) gs G.
Proof.
  intros A. assert (PaG : 0 < alpha * G) by (apply Rmult_lt_0_compat; auto). constructor; try apply A.
  - intros y. apply Rmult_le_compat_l; [lra | apply (F_low A)].
  - intros k y i Hk Hi. unfold gs. rewrite Rabs_mult, (Rabs_right G) by lra. rewrite <- (Rmult_1_r G) at 2.
    apply Rmult_le_compat_l; [lra | apply (g_bnd A); auto].
  - destruct (Setting.F_smooth A) as [S1 S2 S3]. constructor.
    + apply Rmult_le_pos; [apply Rmult_le_pos; lra | left; apply Rinv_0_lt_compat; auto].
    + intros x h. pose proof (derivable_pt_lim_scal _ (alpha * G) _ _ (S2 (shrink x) (shrink h))) as D.
      replace (dot d (gFs x) h) with (alpha * G * dot d (gF (shrink x)) (shrink h)).
      * replace (fun s => Fs (fun i => x i + s * h i))
          with (mult_real_fct (alpha * G) (fun s => F (fun i => shrink x i + s * shrink h i))); [exact D|].
        apply functional_extensionality. intros s. unfold mult_real_fct, Fs. do 2 f_equal.
        apply functional_extensionality. intros i. unfold shrink. field. lra.
      * unfold dot. rewrite <- sum_scal. apply sum_ext. intros i _. unfold gFs, shrink. field. lra.
    + intros x y. pose proof (S3 (shrink x) (shrink y)) as H. apply Rmult_le_compat_l with (r := G²) in H;
      [|apply Rle_0_sqr].
      replace (sqn d (fun i => gFs y i - gFs x i)) with (G² * sqn d (fun i => gF (shrink y) i - gF (shrink x) i)).
      * apply Rle_trans with (1 := H). right. unfold sqn. rewrite <- !sum_scal. apply sum_ext. intros i _.
        unfold shrink, Rsqr. field. lra.
      * unfold sqn. rewrite <- sum_scal. apply sum_ext. intros i _. unfold gFs, Rsqr. ring.
  - intros y i Hi. unfold gs, gFs. rewrite Ex_scal. f_equal. apply (g_unbiased A). auto.
Qed.

Variables (eps beta2 : R) (x0 : vec).
Let z h := avgrad g (eps / G²) 1 beta2 x0 h.

Local Lemma scaled_path h : avgrad gs eps alpha beta2 (fun i => alpha * x0 i) h = {|
  point := fun i => alpha * point (z h) i; AVGradRate.moment := fun i => G² * moment (z h) i;
    total := fun i => G² * total (z h) i |}.
Proof.
  assert (PG2 : 0 < G²) by (apply Rsqr_pos_lt; lra). induction h as [|k h IH].
  - unfold z. simpl. f_equal; apply functional_extensionality; intros i; ring.
  - unfold z. cbn [avgrad]. fold (z h). rewrite IH. unfold step. cbn [point moment total].
    assert (Es : shrink (fun i => alpha * point (z h) i) = point (z h)).
    { apply functional_extensionality. intros i. unfold shrink. field. lra. }
    assert (Eg : forall i, gs k (fun i => alpha * point (z h) i) i = G * g k (point (z h)) i).
    { intros i. unfold gs. rewrite Es. reflexivity. }
    assert (Ev : forall i, beta2 * (G² * moment (z h) i) + (1 - beta2) * (gs k (fun i => alpha * point (z h) i) i)²
      = G² * (beta2 * moment (z h) i + (1 - beta2) * (g k (point (z h)) i)²)).
    { intros i. rewrite Eg. unfold Rsqr. ring. }
    f_equal; apply functional_extensionality; intros i; rewrite Ev; [rewrite Eg | reflexivity | ring].
    set (w := beta2 * moment (z h) i + (1 - beta2) * (g k (point (z h)) i)²). pose proof (INR_S_pos (length h)) as Pt.
    set (t := INR (S (length h))) in *.
    replace (eps + (G² * total (z h) i + G² * w) / t) with (G² * (eps / G² + (total (z h) i + w) / t)) by (field; lra).
    rewrite sqrt_mult_alt, sqrt_Rsqr by lra. pose proof (sqrt_lt_R0 t Pt). unfold Rdiv. rewrite Rinv_mult.
    set (u := / sqrt (eps * / G² + (total (z h) i + w) * / t)). field. lra.
Qed.

Lemma scaled_mean T : mean_squared_gradient n p d gFs (avgrad_point gs eps alpha beta2 (fun i => alpha * x0 i)) T
  = G² * mean_squared_gradient n p d gF (avgrad_point g (eps / G²) 1 beta2 x0) T.
Proof.
  unfold mean_squared_gradient. rewrite <- Rmult_assoc, (Rmult_comm (G²)), Rmult_assoc. f_equal. rewrite <- sum_scal.
  apply sum_ext. intros t _. unfold squared_gradient. rewrite <- Exp_scal. f_equal. apply functional_extensionality.
  intros h.
  unfold avgrad_point. rewrite scaled_path. cbn [point]. fold (z h). unfold sqn. rewrite <- sum_scal. apply sum_ext.
  intros i _.
  unfold gFs. replace (shrink (fun i => alpha * point (z h) i)) with (point (z h)); [unfold Rsqr; ring|].
  apply functional_extensionality. intros j. unfold shrink. field. lra.
Qed.
End Scaled.

Theorem avgrad_rate_logarithm alpha eps beta2 L G : 0 < alpha -> 0 < eps -> 0 <= beta2 < 1 -> 0 < L -> 0 < G ->
  exists c D0 T0, 0 < c /\ forall T, (T0 <= T)%nat -> exists F gF g Fstar x0,
    assumptions 4 quarter 1 F gF L Fstar g G /\ F x0 - Fstar <= D0 /\
    c * (ln (INR T) / sqrt (INR T)) <= mean_squared_gradient 4 quarter 1 gF (avgrad_point g eps alpha beta2 x0) T.
Proof.
  intros Pa Pe Hb PL PG. assert (PG2 : 0 < G²) by (apply Rsqr_pos_lt; lra).
  assert (PaG : 0 < alpha * G) by (apply Rmult_lt_0_compat; auto).
  destruct (unit_rate (eps / G²) beta2 (alpha * L / G)) as (c & D0 & T0 & Pc & H); [apply Rdiv_lt_0_compat;
    auto | auto | |].
  { apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; auto | auto]. }
  exists (G² * c), (alpha * G * D0), T0. split; [apply Rmult_lt_0_compat; auto|]. intros T HT.
  destruct (H T HT) as (F & gF & g & Fstar & x0 & A & Hgap & Hmean).
  exists (fun y => alpha * G * F (fun i => y i / alpha)), (fun y i => G * gF (fun i => y i / alpha) i),
    (fun k y i => G * g k (fun i => y i / alpha) i), (alpha * G * Fstar), (fun i => alpha * x0 i). split; [|split].
  - replace L with (G * (alpha * L / G) / alpha) by (field; lra). apply scaled_assumptions; auto.
  - replace (fun i => alpha * x0 i / alpha) with x0 by (apply functional_extensionality; intros i; field; lra).
    rewrite <- Rmult_minus_distr_l. apply Rmult_le_compat_l; lra.
  - rewrite scaled_mean by auto. rewrite Rmult_assoc. apply Rmult_le_compat_l; lra.
Qed.
