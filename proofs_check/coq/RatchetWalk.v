(* T5 needs its ln T: a walk on the ratchet of RatchetFunction.v. Four draws are equally likely; the gradient is F'(x)
   itself where F rises to the left (cold), and 1, -1, 2 F'(x), 2 F'(x) elsewhere on the engine (hot): there noise moves the
   point in the coordinate z = x^2/(2M), and `climb` of z grows on average by more than F' takes back.
   The walk starts left of the engine and enters it after t0 steps, at X0. From then on z_t <= C sqrt t, so that hot steps
   are short; exp(-(climb z_t - a sqrt t)/200) is a supermartingale while climb z_t >= a sqrt t; so with probability 1/2
   the point has left the engine at X1 by the step 2m, and F' = -s at the last quarter of all steps. *)
From Coq Require Import Reals Lra Lia Psatz List.
From Mada Require Import Sums Expectation Smoothness Setting.
From Mada Require Import DecreasingWeights AVGradWeights Paths DecoupledRate AVGradRate ExponentialMoment.
From Mada Require Import RatchetFunction.
Import ListNotations.
Local Open Scope R_scope.

Definition quarter (k : nat) : R := / 4.

Definition ratchet_gradient (M mu L X0 X1 s Lam : R) (k : nat) (y : vec) (i : nat) : R :=
  let x := y O in
  let m := slope_of M mu L X0 X1 s Lam x in
  if Rle_dec X0 x then
    if Rle_dec x X1 then
      if Rlt_dec (- (2 / 5)) (tooth (level M x)) then match k with O => 1 | S O => -1 | _ => 2 * m end else m
    else m
  else m.

(* Where the walk starts: s0 per step and step size, so that t0 steps end at X0. *)
Definition corridor_steps (eps beta2 s0 : R) (n : nat) : R :=
  sum n (fun i => / sqrt (INR (S i) * eps + tvbar beta2 (fun _ => s0²) (S i))).

Lemma Ex_quarter f : Ex 4 quarter f = (f 0%nat + f 1%nat + f 2%nat + f 3%nat) / 4.
Proof. unfold Ex, quarter. simpl. field. Qed.

Lemma quarter_pos k : (k < 4)%nat -> 0 <= quarter k.
Proof. intros _. unfold quarter. lra. Qed.

Lemma quarter_one : sum 4 quarter = 1.
Proof. unfold quarter. simpl. field. Qed.

Lemma Exp_split n p a b X h : Exp n p (a + b) X h = Exp n p a (fun h => Exp n p b X h) h.
Proof. revert h. induction a as [|a IH]; intros h; simpl; [reflexivity|]. apply Ex_ext. intros k _. apply IH. Qed.

Lemma sum_tail f c a b : (forall t, 0 <= f t) -> (forall t, (a <= t < a + b)%nat -> c <= f t) -> INR b * c <= sum (a +
  b) f.
Proof.
  intros H0 Hc. induction b as [|b IH].
  - rewrite Nat.add_0_r, Rmult_0_l. apply sum_nonneg. auto.
  - rewrite Nat.add_succ_r, sum_S, S_INR. specialize (IH ltac:(intros; apply Hc; lia)).
    pose proof (Hc (a + b)%nat ltac:(lia)). lra.
Qed.

Lemma between x c : Rabs x <= c -> - c <= x <= c.
Proof. intros H. pose proof (Rle_abs x). pose proof (Rle_abs (- x)) as N. rewrite Rabs_Ropp in N. lra. Qed.

Lemma sqrt_gap t : sqrt (INR (S t)) - sqrt (INR t) <= / sqrt (INR (S t)).
Proof.
  pose proof (INR_S_pos t) as P. pose proof (sqrt_lt_R0 _ P) as Q. pose proof (sqrt_pos (INR t)) as Q0.
  pose proof (sqrt_sqrt _ (pos_INR t)) as E0. pose proof (sqrt_sqrt (INR (S t)) ltac:(lra)) as E.
  rewrite S_INR in E at 3. set (u := sqrt (INR (S t))) in *. set (v := sqrt (INR t)) in *.
  apply Rmult_le_reg_r with u; [auto|]. rewrite Rinv_l by lra. nra.
Qed.

Lemma third_power r : 1 <= r -> r <= r ^ 3.
Proof. intros H. assert (1 <= r * r) by nra. simpl. nra. Qed.

Lemma sqrt_step t : / sqrt (INR (S t)) <= 2 * (sqrt (INR (S t)) - sqrt (INR t)).
Proof.
  pose proof (INR_S_pos t) as P. pose proof (pos_INR t) as P0. pose proof (sqrt_lt_R0 _ P) as Q.
  pose proof (sqrt_pos (INR t)) as Q0.
  pose proof (sqrt_sqrt _ P0) as E0. pose proof (sqrt_sqrt (INR (S t)) ltac:(lra)) as E. rewrite S_INR in E at 3.
  set (u := sqrt (INR (S t))) in *. set (v := sqrt (INR t)) in *.
  apply Rmult_le_reg_r with u; [auto|]. rewrite Rinv_l by lra. assert (0 <= (u - v)²) by apply Rle_0_sqr.
  unfold Rsqr in *. nra.
Qed.

Lemma exp_le_exp x y : x <= y -> exp x <= exp y.
Proof. intros H. destruct (Req_dec x y) as [-> | N]; [lra|]. left. apply exp_increasing. lra. Qed.

Lemma square_01 d : -1 <= d <= 1 -> 0 <= d² <= 1.
Proof. intros H. pose proof (Rle_0_sqr d). unfold Rsqr in *. split; nra. Qed.

Lemma slope_half mu x m : 1 <= x -> 6 * mu <= x -> - mu <= x * m <= 3 * mu -> -1 / 2 <= m <= 1 / 2.
Proof. intros Hx H6 Hm. split; nra. Qed.

Lemma short_eta M x eta : 1 <= x -> 0 < eta -> x * eta <= M / 40 -> M <= 1 -> eta <= 1 / 40.
Proof. intros. nra. Qed.

Lemma stays_positive M x eta y : 1 <= x -> 0 < eta -> x * eta <= M / 40 -> M <= 1 -> -1 <= y <= 1 -> 0 < x - eta * y.
Proof. intros Hx He HM M1 Hy. pose proof (short_eta M x eta Hx He HM M1). nra. Qed.

Lemma small_times L eta b : 0 < eta -> eta * b <= 1 -> 100 * L <= b -> L * eta <= 1 / 100.
Proof. intros. nra. Qed.

(* Pure facts of one step from a point x, eta its step size. *)
Section Step.
Variables (M mu L : R).
Hypothesis M_pos : 0 < M.
Hypothesis L_pos : 0 < L.
Hypothesis mu_is : mu = L * M / 2.

Lemma level_move x y : level M (x - y) - level M x = (y² - 2 * x * y) / (2 * M).
Proof. unfold level, Rsqr. field. lra. Qed.

Lemma short_moves x eta m : 1 <= x -> 0 < eta -> x * eta <= M / 40 -> M <= 1 -> L * eta <= 1 / 100 -> -1 / 2 <= m <= 1
  / 2 ->
  - mu <= x * m <= 3 * mu -> Rabs (level M (x - eta * 1) - level M x) <= 1 / 10 /\
  Rabs (level M (x - eta * -1) - level M x) <= 1 / 10 /\ Rabs (level M (x - eta * (2 * m)) - level M x) <= 1 / 10 /\
  - 3 * L * eta <= level M (x - eta * (2 * m)) - level M x.
Proof.
  intros Hx He HJ HM HL Hm Hxm. rewrite !level_move.
  assert (B : 0 <= eta² <= M / 40) by (unfold Rsqr; nra).
  assert (C : 0 <= (2 * (eta * m))² <= M / 40).
  { split; [apply Rle_0_sqr|]. apply Rle_trans with (eta²); [|lra]. unfold Rsqr.
    assert (0 <= (1 / 4 - m * m) * (eta * eta)) by (apply Rmult_le_pos; nra). lra. }
  assert (D : - (mu * eta) <= eta * (x * m) <= 3 * (mu * eta)).
  { split; nra. }
  assert (Em : mu * eta = (L * eta) * M / 2) by (rewrite mu_is; field).
  assert (N : forall y, - (M / 5) <= y <= M / 5 -> Rabs (y / (2 * M)) <= 1 / 10).
  { intros y Hy. apply Rabs_le. assert (E : y = y / (2 * M) * (2 * M)) by (field; lra).
    rewrite E in Hy. split; apply Rmult_le_reg_r with (2 * M); lra. }
  assert (Q : L * eta * M <= M / 100) by nra.
  repeat split.
  - apply N. replace ((eta * 1)²) with (eta²) by (unfold Rsqr; ring). nra.
  - apply N. replace ((eta * -1)²) with (eta²) by (unfold Rsqr; ring). nra.
  - apply N. replace ((eta * (2 * m))²) with ((2 * (eta * m))²) by (unfold Rsqr; ring). nra.
  - replace ((eta * (2 * m))²) with ((2 * (eta * m))²) by (unfold Rsqr; ring).
    apply Rmult_le_reg_r with (2 * M); [lra|].
    replace (((2 * (eta * m))² - 2 * x * (eta * (2 * m))) / (2 * M) * (2 * M)) with ((2 * (eta * m))² - 4 * (eta * (x *
      m)))
      by (field; lra). nra.
Qed.

Lemma cold_step x eta d : 1 <= x -> 0 < eta <= 1 -> -1 / 2 <= d -> - mu <= x * d <= - (2 / 5) * mu ->
  x <= x - eta * d <= x + 1 /\ L * eta / 5 <= level M (x - eta * d) - level M x <= L * eta.
Proof.
  intros Hx He Hd Hxd. assert (Pmu : 0 < mu) by (rewrite mu_is; pose proof (Rmult_lt_0_compat L M L_pos M_pos); lra).
  assert (Hd0 : d <= 0) by nra. split; [split; nra|]. rewrite level_move.
  assert (Ym : mu * eta = L * eta * M / 2) by (rewrite mu_is; field).
  assert (F1 : 2 / 5 * (mu * eta) <= - (x * d) * eta <= mu * eta) by (split; nra).
  assert (F2 : 0 <= (eta * d)² <= mu * eta).
  { split; [apply Rle_0_sqr|]. apply Rle_trans with (- (x * d) * eta); [|lra]. unfold Rsqr.
    replace (eta * d * (eta * d)) with (- d * eta * (- d * eta)) by ring.
    replace (- (x * d) * eta) with (- d * eta * x) by ring. apply Rmult_le_compat_l; nra. }
  set (N := (eta * d)² - 2 * x * (eta * d)) in *.
  assert (HN : 2 * (2 / 5 * (mu * eta)) <= N <= 3 * (mu * eta)) by (unfold N; lra).
  assert (EN : N = N / (2 * M) * (2 * M)) by (field; lra). rewrite Ym in HN.
  assert (P : 0 < L * eta * M) by (repeat apply Rmult_lt_0_compat; lra).
  split; apply Rmult_le_reg_r with (2 * M); lra.
Qed.

(* The two draws +-1: on average exp(-(climb)/200) falls by a share of the squared step. *)
Lemma noise_gains x eta h : 0 < x -> 0 < eta -> 1 <= h <= 8 ->
  Rabs (level M (x - eta * 1) - level M x) <= 1 / 10 -> Rabs (level M (x - eta * -1) - level M x) <= 1 / 10 ->
  let d1 := level M (x - eta * 1) - level M x in let d2 := level M (x - eta * -1) - level M x in
  exp (- (1 / 200) * (h * d1 + d1² / 2)) + exp (- (1 / 200) * (h * d2 + d2² / 2)) <= 2 - / 400 * ((x * eta)² / M²).
Proof.
  intros Hx He Hh H1 H2 d1 d2. fold d1 in H1. fold d2 in H2.
  assert (B : forall d, Rabs d <= 1 / 10 ->
    exp (- (1 / 200) * (h * d + d² / 2)) <= 1 - 1 / 200 * (h * d) - 1 / 800 * d²).
  { intros d Hd. apply between in Hd.
    assert (Q : 0 <= d² <= 1 / 100) by (unfold Rsqr; nra).
    assert (Hl : -1 <= h * d + d² / 2 <= 1) by nra.
    apply Rle_trans with (1 := exp_below_parabola (- (1 / 200) * (h * d + d² / 2)) ltac:(lra)).
    assert (S : (h * d + d² / 2)² <= 65 * d²).
    { replace ((h * d + d² / 2)²) with (d² * (h + d / 2)²) by (unfold Rsqr; field).
      assert ((h + d / 2)² <= 65) by (unfold Rsqr; nra). rewrite Rmult_comm. apply Rmult_le_compat_r; lra. }
    rewrite Rsqr_mult. replace ((- (1 / 200))²) with (1 / 40000) by (unfold Rsqr; field). lra. }
  pose proof (B d1 H1). pose proof (B d2 H2).
  assert (S1 : 0 <= d1 + d2).
  { unfold d1, d2. rewrite !level_move. replace (_ + _) with (eta² / M) by (unfold Rsqr; field; lra).
    apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat; auto]. }
  assert (S2 : 2 * ((x * eta)² / M²) <= d1² + d2²).
  { unfold d1, d2. rewrite !level_move.
    replace (((eta * 1)² - 2 * x * (eta * 1)) / (2 * M))²  with ((x * eta / M)² - x * eta / M * (eta² / M) + (eta² / (2
      * M))²)
      by (unfold Rsqr; field; lra).
    replace (((eta * -1)² - 2 * x * (eta * -1)) / (2 * M))² with ((x * eta / M)² + x * eta / M * (eta² / M) + (eta² /
      (2 * M))²)
      by (unfold Rsqr; field; lra).
    replace ((x * eta)² / M²) with ((x * eta / M)²) by (unfold Rsqr; field; lra).
    pose proof (Rle_0_sqr (eta² / (2 * M))). lra. }
  assert (0 <= h * (d1 + d2)) by (apply Rmult_le_pos; lra). lra.
Qed.

(* The two draws 2 F' cost little. *)
Lemma drift_costs d h eta : 1 <= h <= 8 -> 0 < eta -> L * eta <= 1 / 100 -> - 3 * L * eta <= d ->
  exp (- (1 / 200) * (h * d + d² / 2)) <= 1 + 6 / 25 * (L * eta).
Proof.
  intros Hh He HL Hd. pose proof (Rle_0_sqr d) as Q.
  assert (H : - (1 / 200) * (h * d + d² / 2) <= 3 / 25 * (L * eta)).
  { assert (- (h * d) <= 24 * (L * eta)); [|lra]. destruct (Rle_dec 0 d); nra. }
  assert (P : 0 < L * eta) by (apply Rmult_lt_0_compat; auto).
  apply Rle_trans with (exp (3 / 25 * (L * eta))).
  - apply exp_le_exp, H.
  - apply Rle_trans with (1 := exp_below_parabola (3 / 25 * (L * eta)) ltac:(lra)). unfold Rsqr. nra.
Qed.
End Step.

(* Any method x_t = x_{t-1} - eta_t g_t in one dimension, with eta_t between 1/(rho sqrt t) and 1/(e sqrt t) and fixed
   by the past and g_t^2, that is at X0 after t0 steps. *)
Section Walk.
Variables (e rho L M mu X0 X1 s Lam : R) (k0 k1 t0 m T : nat).
Hypothesis e_pos : 0 < e.
Hypothesis rho_large : 1 <= rho.
Hypothesis e_rho : e <= rho.
Hypothesis L_pos : 0 < L.
Hypothesis M_is : M = e / (12000 * rho ^ 3).
Hypothesis mu_is : mu = L * M / 2.
Hypothesis X0_large : 1 <= X0.
Hypothesis X0_mu : 6 * mu <= X0.
Hypothesis X1_pos : 0 < X1.
Hypothesis X0_is : X0² = 2 * M * (8 * INR k0).
Hypothesis X1_is : X1² = 2 * M * (8 * INR k1).
Hypothesis k_le : (1 <= k0 <= k1)%nat.
Hypothesis s_large : mu / X1 <= s.
Hypothesis s_small : s <= 1.
Hypothesis Lam_nonneg : 0 <= Lam.
Let a := L / (5 * rho).
Let tau (n : nat) := sqrt (INR n).
Let X2 := slope_end mu L X1 s Lam.
Let slope := slope_of M mu L X0 X1 s Lam.
Let g (k : nat) (x : R) := ratchet_gradient M mu L X0 X1 s Lam k (fun _ => x) O.
Hypothesis t0_pos : (1 <= t0)%nat.
Hypothesis t0_long : 100 * L <= e * tau t0.
Hypothesis t0_short : 3200 * (a + 216 + 16 * (L / e)) <= M * (e * e) * tau t0.
Hypothesis k0_is : a * tau t0 + 200 <= 8 * INR k0 <= a * tau t0 + 208.
Hypothesis k1_is : 64 * INR k1 <= a * tau (2 * m).
Hypothesis t0_m : (t0 <= 2 * m)%nat.
Hypothesis T_m : (4 * m <= T <= 8 * m)%nat.
Hypothesis tail_long : 1 + 2 * (s / e) * tau T <= X2 - X1.
Hypothesis tail_short : s / L <= INR m * (mu / (X1 * (rho * tau T))).

Variables (X : hist -> R) (eta : hist -> R -> R).
Hypothesis moves : forall k h, (k < 4)%nat -> valid 4 h -> X (k :: h) = X h - eta h ((g k (X h))²) * g k (X h).
Hypothesis eta_bounds : forall h q, valid 4 h -> 0 <= q <= 1 ->
  / (rho * tau (S (length h))) <= eta h q <= / (e * tau (S (length h))).
Hypothesis starts : forall h, valid 4 h -> length h = t0 -> X h = X0.

Local Lemma M_small : 0 < M <= 1.
Proof.
  pose proof (third_power rho rho_large). rewrite M_is. split.
  - apply Rdiv_lt_0_compat; lra.
  - apply Rmult_le_reg_r with (12000 * rho ^ 3); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.

Local Lemma M_pos : 0 < M.
Proof. apply M_small. Qed.

Local Ltac known := first [eassumption | exact M_pos | exact mu_is | lra | split; first [assumption | lra]].

Local Lemma mu_pos : 0 < mu.
Proof. rewrite mu_is. pose proof (Rmult_lt_0_compat L M L_pos M_pos). lra. Qed.

Local Lemma a_pos : 0 < a.
Proof. apply Rdiv_lt_0_compat; lra. Qed.

Local Lemma tau_pos n : 0 < tau (S n).
Proof. apply sqrt_lt_R0, INR_S_pos. Qed.

Local Lemma tau_le n n' : (n <= n')%nat -> tau n <= tau n'.
Proof. intros H. apply sqrt_le_1_alt, le_INR, H. Qed.

Local Lemma tau_one n : (1 <= n)%nat -> 1 <= tau n.
Proof. intros H. rewrite <- sqrt_1. apply sqrt_le_1_alt. apply (le_INR 1). auto. Qed.

Local Lemma tau_half n : (1 <= n)%nat -> tau (S n) <= 2 * tau n.
Proof.
  intros H. replace 2 with (sqrt 4) by (replace 4 with (2 * 2) by ring; apply sqrt_square; lra). unfold tau.
  rewrite <- sqrt_mult by (try apply pos_INR; lra). apply sqrt_le_1_alt. rewrite S_INR. apply (le_INR 1) in H.
  simpl INR in H. lra.
Qed.

Local Lemma tau_gap n : 0 <= tau (S n) - tau n <= / tau (S n).
Proof.
  pose proof (tau_le n (S n) ltac:(lia)). split; [lra | apply sqrt_gap].
Qed.

Local Lemma level_X0' : level M X0 = 8 * INR k0.
Proof. apply level_X0; [exact M_pos | exact X0_is]. Qed.

Local Lemma level_X1' : level M X1 = 8 * INR k1.
Proof. apply level_X1; [exact M_pos | exact X1_is]. Qed.

Local Lemma level_grows x y : 0 <= x -> x <= y -> level M x <= level M y.
Proof. apply level_le, M_pos. Qed.

Local Lemma level_back x y : 0 <= y -> level M x <= level M y -> x <= y.
Proof. apply level_le_inv, M_pos. Qed.

Local Lemma level_sq x : x² = 2 * M * level M x.
Proof. pose proof M_small. unfold level. field. lra. Qed.

Local Lemma engine x : X0 <= x <= X1 -> x * slope x = mu * tooth (level M x) /\ - mu <= x * slope x <= 3 * mu /\
  - 1 / 2 <= slope x <= 1 / 2.
Proof.
  intros Hx. pose proof mu_pos. assert (E : x * slope x = mu * tooth (level M x)).
  { assert (E : slope x = mu * tooth (level M x) / x) by (eapply slope_engine; known). rewrite E. field. lra. }
  pose proof (tooth_bounds (level M x)) as [D1 D2]. apply Rmult_le_compat_l with (r := mu) in D1, D2; [|lra | lra].
  split; [exact E|]. split; [lra | apply (slope_half mu x (slope x)); lra].
Qed.

Local Lemma X0_below : X0 <= X1.
Proof. apply (X0_le_X1 M X0 X1 k0 k1); known. Qed.

Local Lemma tail x : X1 <= x -> - s <= slope x <= 0.
Proof. intros H. eapply slope_tail; known. Qed.

Local Lemma g_hot x : X0 <= x <= X1 -> hot (level M x) ->
  g 0 x = 1 /\ g 1 x = -1 /\ g 2 x = 2 * slope x /\ g 3 x = 2 * slope x.
Proof.
  intros Hx Hh. unfold g, ratchet_gradient, hot in *. cbv zeta beta.
  destruct (Rle_dec X0 x); [|lra]. destruct (Rle_dec x X1); [|lra].
  destruct (Rlt_dec (- (2 / 5)) (tooth (level M x))); [|lra]. auto.
Qed.

Local Lemma g_cold k x : (x <= X1 -> ~ hot (level M x)) -> g k x = slope x.
Proof.
  intros H. unfold g, ratchet_gradient, hot in *. cbv zeta beta. fold slope.
  destruct (Rle_dec X0 x); [|auto]. destruct (Rle_dec x X1); [|auto].
  destruct (Rlt_dec (- (2 / 5)) (tooth (level M x))); [|auto]. exfalso. apply H; auto.
Qed.

Local Lemma g_tail k x : X1 <= x -> g k x = slope x.
Proof.
  intros H. apply g_cold. intros H'. replace x with X1 by lra. rewrite level_X1'. unfold hot. rewrite tooth_bottom. lra.
Qed.

Local Lemma eta_pos h q : valid 4 h -> 0 <= q <= 1 -> 0 < eta h q.
Proof.
  intros Hv Hq. pose proof (eta_bounds h q Hv Hq) as B. pose proof (tau_pos (length h)).
  assert (0 < / (rho * tau (S (length h)))) by (apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra). lra.
Qed.

Local Lemma eta_up h q : valid 4 h -> 0 <= q <= 1 -> eta h q <= / e * (2 * (tau (S (length h)) - tau (length h))).
Proof.
  intros Hv Hq. pose proof (eta_bounds h q Hv Hq) as B. pose proof (tau_pos (length h)).
  destruct B as [_ B]. rewrite Rinv_mult in B. apply Rle_trans with (1 := B).
  apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto | apply sqrt_step].
Qed.

(* What holds surely from t0 on. *)
Let within (n : nat) := (a * tau t0 + 208) / 8 + 1 / 2 + 2 * (L / e) * tau n.
Let inv h := X0 <= X h /\ (X h < X1 -> valley (level M (X h)) <= within (length h)) /\
  (X1 <= X h -> X h <= X1 + 1 + 2 * (s / e) * tau (length h)).

Local Lemma short h q : valid 4 h -> (t0 <= length h)%nat -> inv h -> X h < X1 -> 0 <= q <= 1 ->
  X h * eta h q <= M / 40 /\ L * eta h q <= 1 / 100 /\ eta h q <= 1.
Proof.
  intros Hv Hl (I0 & I1 & _) Hx Hq. specialize (I1 Hx). pose proof (eta_bounds h q Hv Hq) as [_ B].
  pose proof (eta_pos h q Hv Hq) as Pe.
  pose proof M_small as HM. pose proof (tau_pos (length h)) as Pt. pose proof (tau_le _ _ Hl) as T0.
  pose proof (tau_one t0 t0_pos) as T1.
  pose proof (tau_gap (length h)) as G. set (n := length h) in *. set (t := tau (S n)) in *.
  assert (Pet : 0 < e * t) by (apply Rmult_lt_0_compat; auto).
  assert (B' : eta h q * (e * t) <= 1) by (apply Rmult_le_compat_r with (r := e * t) in B; [rewrite Rinv_l in B;
    lra | lra]).
  assert (Tt : tau t0 <= t) by lra. pose proof a_pos as Pa. assert (PLe : 0 < L / e) by (apply Rdiv_lt_0_compat; auto).
  set (C := a + 216 + 16 * (L / e)) in *.
  assert (Z : level M (X h) <= C * t).
  { pose proof (valley_bounds (level M (X h))) as [V _]. unfold within in I1.
    assert (0 <= (L / e) * (t - tau n)) by (apply Rmult_le_pos; lra). unfold C.
    assert (a * tau t0 <= a * t) by (apply Rmult_le_compat_l; lra). lra. }
  assert (Hb : 3200 * C <= M * (e * e) * t).
  { apply Rle_trans with (1 := t0_short). apply Rmult_le_compat_l; [|lra]. apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; lra. }
  assert (Hx2 : X h <= M / 40 * (e * t)).
  { apply Rsqr_incr_0_var; [|apply Rmult_le_pos; lra]. rewrite level_sq.
    apply Rle_trans with (2 * M * (C * t)); [apply Rmult_le_compat_l; lra|].
    apply Rle_trans with (2 * M * ((M * (e * e) * t / 3200) * t)).
    - apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_r; lra.
    - right. unfold Rsqr. field. }
  assert (Q : X h * eta h q <= M / 40).
  { apply Rle_trans with (M / 40 * (e * t) * eta h q); [apply Rmult_le_compat_r; lra|].
    replace (M / 40 * (e * t) * eta h q) with (M / 40 * (eta h q * (e * t))) by ring.
    rewrite <- (Rmult_1_r (M / 40)) at 2. apply Rmult_le_compat_l; lra. }
  split; [exact Q|]. split; [|pose proof (short_eta M (X h) (eta h q) ltac:(lra) Pe Q (proj2 HM)); lra].
  assert (100 * L <= e * t) by (apply Rle_trans with (1 := t0_long), Rmult_le_compat_l; lra).
  apply small_times with (e * t); auto.
Qed.

Local Lemma hot_short k h : (k < 4)%nat -> valid 4 h -> (t0 <= length h)%nat -> inv h -> X h < X1 ->
  hot (level M (X h)) ->
  Rabs (level M (X (k :: h)) - level M (X h)) <= 1 / 10.
Proof.
  intros Hk Hv Hl HI Hx Hh. pose proof M_small as [M0 M1]. 
  pose proof (engine (X h) ltac:(destruct HI; lra)) as (E1 & E2 & E3).
  destruct (g_hot (X h) ltac:(destruct HI; lra) Hh) as (G0 & G1 & G2 & G3).
  assert (Hx0 : 1 <= X h) by (destruct HI; lra).
  assert (Q : forall y, y = 1 \/ y = -1 \/ y = 2 * slope (X h) -> 0 <= y² <= 1) 
    by (intros y [-> | [-> | ->]]; apply square_01; lra).
  rewrite moves by auto.
  assert (D : g k (X h) = 1 \/ g k (X h) = -1 \/ g k (X h) = 2 * slope (X h)).
  { destruct k as [|[|[|[|k]]]]; [rewrite G0 | rewrite G1 | rewrite G2 | rewrite G3 | lia]; auto. }
  destruct (short h ((g k (X h))²) Hv Hl HI Hx (Q _ D)) as (S1 & S2 & S3).
  destruct (short_moves M mu L M0 mu_is (X h) (eta h ((g k (X h))²)) (slope (X h)) Hx0 (eta_pos h _ Hv (Q _ D)) S1 M1
    S2 E3 E2)
    as (R1 & R2 & R3 & _).
  destruct D as [D | [D | D]]; rewrite D in *; auto.
Qed.

Local Lemma cold_moves k h : (k < 4)%nat -> valid 4 h -> (t0 <= length h)%nat -> inv h -> X h < X1 ->
  ~ hot (level M (X h)) ->
  X h <= X (k :: h) <= X h + 1 /\ a / tau (S (length h)) <= level M (X (k :: h)) - level M (X h)
    <= L / e * (2 * (tau (S (length h)) - tau (length h))).
Proof.
  intros Hk Hv Hl HI Hx Hh. pose proof M_small as [M0 M1]. pose proof mu_pos as Pm.
  pose proof (engine (X h) ltac:(destruct HI; lra)) as (E1 & E2 & E3). assert (Hx0 : 1 <= X h) by (destruct HI; lra).
  rewrite moves, (g_cold k (X h)) by auto. set (d := slope (X h)) in *.
  assert (Hq : 0 <= d² <= 1) by (apply square_01; lra). destruct (short h (d²) Hv Hl HI Hx Hq) as (S1 & S2 & S3).
  pose proof (eta_pos h _ Hv Hq) as Pe. pose proof (eta_up h _ Hv Hq) as Ue.
  pose proof (proj1 (eta_bounds h _ Hv Hq)) as Le.
  set (y := eta h (d²)) in *. unfold hot in Hh. apply Rnot_lt_le in Hh. set (x := X h) in *.
  assert (Hd : x * d <= - (2 / 5) * mu).
  { rewrite E1. apply Rmult_le_compat_l with (r := mu) in Hh; lra. }
  destruct (cold_step M mu L M_pos L_pos mu_is x y d) as (C1 & C2 & C3); try lra. split; [exact C1|]. split.
  - apply Rle_trans with (2 := C2). unfold a, Rdiv. rewrite Rinv_mult. rewrite Rinv_mult in Le.
    assert (PL : 0 < L * / 5) by lra. apply Rmult_le_compat_l with (r := L * / 5) in Le; lra.
  - apply Rle_trans with (1 := C3). unfold Rdiv. rewrite Rmult_assoc. apply Rmult_le_compat_l; lra.
Qed.

Local Lemma tail_moves k h : (k < 4)%nat -> valid 4 h -> X1 <= X h ->
  X h <= X (k :: h) <= X h + 2 * (s / e) * (tau (S (length h)) - tau (length h)) /\
  - slope (X h) / (rho * tau (S (length h))) <= X (k :: h) - X h.
Proof.
  intros Hk Hv Hx. pose proof (tail (X h) Hx) as B. rewrite moves, (g_tail k (X h)) by auto.
  set (d := slope (X h)) in *.
  assert (Hq : 0 <= d² <= 1) by (apply square_01; lra).
  pose proof (eta_pos h _ Hv Hq) as Pe. pose proof (eta_up h _ Hv Hq) as Ue.
  pose proof (proj1 (eta_bounds h _ Hv Hq)) as Le. set (y := eta h (d²)) in *.
  assert (U : y * - d <= s * (/ e * (2 * (tau (S (length h)) - tau (length h))))).
  { rewrite (Rmult_comm y). apply Rmult_le_compat; lra. }
  assert (W : - d * / (rho * tau (S (length h))) <= - d * y) by (apply Rmult_le_compat_l; lra).
  assert (0 <= y * - d) by (apply Rmult_le_pos; lra). unfold Rdiv. repeat split; lra.
Qed.

Local Lemma always h : valid 4 h -> (t0 <= length h)%nat -> inv h.
Proof.
  intros Hv. induction Hv as [|k h Hk Hv IH]; intros Hl; [simpl in Hl; lia|]. pose proof M_small as [M0 M1].
  destruct (Nat.eq_dec (length (k :: h)) t0) as [El | Nl].
  - pose proof (starts (k :: h) ltac:(constructor; auto) El) as E. unfold inv. rewrite E, El. pose proof X0_below.
    repeat split; [lra| |].
    + intros _. rewrite level_X0'. pose proof (valley_bounds (8 * INR k0)). unfold within.
      assert (0 <= L / e * tau t0) by (apply Rmult_le_pos; [left; apply Rdiv_lt_0_compat; auto | apply sqrt_pos]). lra.
    + intros _. assert (0 <= s / e * tau t0); [|lra]. apply Rmult_le_pos; [|apply sqrt_pos].
      pose proof mu_pos. assert (0 < mu / X1) by (apply Rdiv_lt_0_compat; auto).
      apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto].
  - change (length (k :: h)) with (S (length h)) in *. specialize (IH ltac:(lia)).
    assert (Hl' : (t0 <= length h)%nat) by lia.
    pose proof IH as (I0 & I1 & I2). unfold inv. change (length (k :: h)) with (S (length h)).
    assert (PLe : 0 < L / e) by (apply Rdiv_lt_0_compat; auto). pose proof (tau_gap (length h)) as G.
    assert (Ps : 0 <= s / e).
    { pose proof mu_pos. assert (0 < mu / X1) by (apply Rdiv_lt_0_compat; auto).
      apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]. }
    assert (Pt : 0 <= s / e * tau (S (length h))) by (apply Rmult_le_pos; [auto | apply sqrt_pos]).
    destruct (Rlt_le_dec (X h) X1) as [Hx | Hx].
    + specialize (I1 Hx). destruct (Rlt_dec (- (2 / 5)) (tooth (level M (X h)))) as [Hh | Hh].
      * pose proof (hot_short k h Hk Hv Hl' IH Hx Hh) as Sh.
        assert (Pos : 0 < X (k :: h)).
        { pose proof (engine (X h) ltac:(lra)) as (_ & _ & E3).
          destruct (g_hot (X h) ltac:(lra) Hh) as (G0 & G1 & G2 & G3).
          assert (Y : -1 <= g k (X h) <= 1)
            by (destruct k as [|[|[|[|k]]]]; [rewrite G0 | rewrite G1 | rewrite G2 | rewrite G3 | lia]; lra).
          pose proof (square_01 _ Y) as Hq. destruct (short h _ Hv Hl' IH Hx Hq) as (S1 & _ & _).
          rewrite moves by auto. apply (stays_positive M); try lra. apply eta_pos; auto. }
        assert (L0 : 8 * INR k0 <= level M (X (k :: h))).
        { apply (hot_stays_right k0 (level M (X h))); auto. rewrite <- level_X0'. apply level_grows; lra. }
        assert (L1 : level M (X (k :: h)) <= 8 * INR k1).
        { apply (hot_stays_left k1 (level M (X h))); auto. rewrite <- level_X1'. apply level_grows; lra. }
        rewrite <- level_X0' in L0. apply level_back in L0; [|lra]. rewrite <- level_X1' in L1.
        apply level_back in L1; [|lra].
        repeat split; [auto | | lra]. intros _. rewrite (hot_valley (level M (X h))) by auto.
        apply Rle_trans with (1 := I1).
        unfold within. assert (0 <= L / e * (tau (S (length h)) - tau (length h))) by (apply Rmult_le_pos; lra). lra.
      * destruct (cold_moves k h Hk Hv Hl' IH Hx Hh) as (C1 & C2 & C3). repeat split; [lra | | lra]. intros _.
        assert (Up : level M (X h) <= level M (X (k :: h))) by (apply level_grows; lra).
        pose proof (valley_grows _ _ Up). unfold within in *. lra.
    + specialize (I2 Hx). destruct (tail_moves k h Hk Hv Hx) as (C1 & _). repeat split; lra.
Qed.

(* The supermartingale. *)
Let late h := exp (- (1 / 200) * (climb (level M (X h)) - a * tau (length h))).
Let Psi h := if Rlt_dec (X h) X1 then late h else 0.
Let inside h := if Rlt_dec (X h) X1 then 1 else 0.

Local Lemma Psi_late h : 0 <= Psi h <= late h.
Proof. unfold Psi. pose proof (exp_pos (- (1 / 200) * (climb (level M (X h)) - a * tau (length h)))).
fold (late h) in H.
  destruct (Rlt_dec (X h) X1); lra. Qed.

Local Lemma late_falls h : valid 4 h -> (t0 <= length h)%nat -> X h < X1 -> a * tau (length h) <= climb (level M (X h))
  ->
  Ex 4 quarter (fun k => late (k :: h)) <= late h.
Proof.
  intros Hv Hl Hx Hc. pose proof (always h Hv Hl) as HI. pose proof M_small as [M0 M1].
  pose proof (tau_gap (length h)) as G.
  pose proof a_pos as Pa. pose proof (tau_pos (length h)) as Pt.
  set (n := length h) in *. set (c := climb (level M (X h))) in *.
  set (E := fun k => exp (- (1 / 200) * (climb (level M (X (k :: h))) - c))).
  assert (Fac : forall k, late (k :: h) = late h * exp (1 / 200 * (a * (tau (S n) - tau n))) * E k).
  { intros k. unfold late, E. rewrite <- !exp_plus. f_equal. change (length (k :: h)) with (S n). fold n c. field. }
  assert (Drop : Ex 4 quarter E <= exp (- (1 / 200) * (a / tau (S n)))).
  { destruct (Rlt_dec (- (2 / 5)) (tooth (level M (X h)))) as [Hh | Hh].
    - destruct HI as (I0 & I1 & I2) eqn:EHI. assert (HI' : inv h) by exact HI. clear EHI.
      pose proof (engine (X h) ltac:(lra)) as (E1 & E2 & E3). destruct (g_hot (X h) ltac:(lra) Hh) as (G0 & G1 & G2 &
        G3).
      assert (Hx0 : 1 <= X h) by lra. set (d := slope (X h)) in *. set (x := X h) in *.
      assert (Q1 : 0 <= 1² <= 1) by (unfold Rsqr; lra). assert (Q2 : 0 <= (2 * d)² <= 1) by (apply square_01; lra).
      destruct (short h (1²) Hv Hl HI' Hx Q1) as (S1 & S2 & S3).
      destruct (short h ((2 * d)²) Hv Hl HI' Hx Q2) as (S1' & S2' & S3').
      pose proof (eta_pos h _ Hv Q1) as Pe. pose proof (eta_pos h _ Hv Q2) as Pe'.
      pose proof (eta_bounds h _ Hv Q1) as [Be _]. pose proof (eta_bounds h _ Hv Q2) as [_ Be'].
      pose proof (moves 0 h ltac:(lia) Hv) as V0. pose proof (moves 1 h ltac:(lia) Hv) as V1.
      pose proof (moves 2 h ltac:(lia) Hv) as V2. pose proof (moves 3 h ltac:(lia) Hv) as V3. fold x in V0, V1, V2, V3.
      rewrite G0 in V0. rewrite G1 in V1. rewrite G2 in V2. rewrite G3 in V3.
      replace ((-1)²) with (1²) in V1 by (unfold Rsqr; ring).
      set (y := eta h (1²)) in *. set (y' := eta h ((2 * d)²)) in *. fold n in Be, Be'.
      destruct (short_moves M mu L M0 mu_is x y d Hx0 Pe S1 M1 S2 E3 E2) as (R1 & R2 & _ & _).
      destruct (short_moves M mu L M0 mu_is x y' d Hx0 Pe' S1' M1 S2' E3 E2) as (_ & _ & R3 & R4).
      set (z := level M x) in *. pose proof (climb_slope_bounds z) as Hs.
      pose proof (noise_gains M M0 x y (climb_slope z) ltac:(lra) Pe Hs R1 R2) as N.
      cbv zeta in N. fold z in N.
      pose proof (drift_costs L L_pos (level M (x - y' * (2 * d)) - z) (climb_slope z) y' Hs Pe' S2' R4) as D.
      rewrite <- (hot_climb z _ Hh R1), <- (hot_climb z _ Hh R2) in N. rewrite <- (hot_climb z _ Hh R3) in D.
      rewrite <- V0, <- V1 in N. rewrite <- V2 in D at 1. pose proof D as D'. rewrite V2, <- V3 in D'.
      fold c in N, D, D'. fold (E 0%nat) in N. fold (E 1%nat) in N. fold (E 2%nat) in D. fold (E 3%nat) in D'.
      rewrite Ex_quarter. clearbody E.
      apply Rle_trans with (1 + - (1 / 200) * (a / tau (S n))); [|apply exp_above_tangent].
      assert (Main : 1 / 200 * (a / tau (S n)) + 3 / 25 * (L * y') <= / 1600 * ((x * y)² / M²)); [|lra].
      assert (Zc : a * tau (S n) / 16 <= z).
      { pose proof (tau_half n ltac:(lia)). assert (0 <= z) by (unfold z, level; apply Rmult_le_pos;
          [apply Rle_0_sqr | left; apply Rinv_0_lt_compat; lra]).
        pose proof (climb_bounds z ltac:(auto)) as [_ U]. fold c in U.
        assert (a * tau (S n) <= a * (2 * tau n)) by (apply Rmult_le_compat_l; lra). lra. }
      set (t := tau (S n)) in *. assert (Ert : 0 < rho * t) by (apply Rmult_lt_0_compat; lra).
      assert (Y2 : / (rho * t) * / (rho * t) <= y * y).
      { assert (0 < / (rho * t)) by (apply Rinv_0_lt_compat; auto). apply Rmult_le_compat; lra. }
      assert (XY : 2 * M * (a * t / 16 * (/ (rho * t) * / (rho * t))) <= (x * y)²).
      { replace ((x * y)²) with (x² * (y * y)) by (unfold Rsqr; ring). rewrite (level_sq x). fold z.
        replace (2 * M * z * (y * y)) with (2 * M * (z * (y * y))) by ring.
        apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat; try lra.
        - assert (0 < a * t) by (apply Rmult_lt_0_compat; auto). lra.
        - apply Rmult_le_pos; left; apply Rinv_0_lt_compat; auto. }
      assert (PM2 : 0 < / M²) by (apply Rinv_0_lt_compat, Rsqr_pos_lt; lra).
      apply Rmult_le_compat_r with (r := / M²) in XY; [|lra].
      assert (Val : 2 * M * (a * t / 16 * (/ (rho * t) * / (rho * t))) * / M² = 300 * (L / (e * t))).
      { unfold a. unfold Rsqr. rewrite M_is. field. repeat split; lra. }
      rewrite Val in XY.
      assert (A1 : a / t <= / 5 * (L / (e * t))).
      { unfold a, Rdiv. rewrite !Rinv_mult. assert (/ rho <= / e) by (apply Rinv_le_contravar; auto).
        assert (0 < / t) by (apply Rinv_0_lt_compat; auto).
        replace (L * (/ 5 * / rho) * / t) with (/ 5 * L * / t * / rho) by ring.
        replace (/ 5 * (L * (/ e * / t))) with (/ 5 * L * / t * / e) by ring.
        apply Rmult_le_compat_l; [|lra]. apply Rmult_le_pos; lra. }
      assert (A2 : L * y' <= L / (e * t)) by (unfold Rdiv; apply Rmult_le_compat_l; lra).
      assert (0 < L / (e * t)) by (apply Rdiv_lt_0_compat; [auto | apply Rmult_lt_0_compat; auto]).
      lra.
    - apply Rle_trans with (Ex 4 quarter (fun _ => exp (- (1 / 200) * (a / tau (S n))))).
      + apply Ex_le; [exact quarter_pos|]. intros k Hk. destruct (cold_moves k h Hk Hv Hl HI Hx Hh) as (C1 & C2 & _).
        apply exp_le_exp. assert (Up : level M (X h) <= level M (X (k :: h))) by (apply level_grows; destruct HI; lra).
        pose proof (climb_grows _ _ Up) as [K _]. fold c n in K, C2. lra.
      + rewrite Ex_const by exact quarter_one. lra. }
  rewrite (Ex_ext 4 quarter _ (fun k => late h * exp (1 / 200 * (a * (tau (S n) - tau n))) * E k)) by (intros;
    apply Fac).
  rewrite Ex_scal. set (K := exp (1 / 200 * (a * (tau (S n) - tau n)))) in *.
  assert (PK : 0 < K) by apply exp_pos. assert (Pl : 0 < late h) by apply exp_pos.
  apply Rle_trans with (late h * K * exp (- (1 / 200) * (a / tau (S n)))); [apply Rmult_le_compat_l;
    [apply Rmult_le_pos; lra | exact Drop]|].
  rewrite Rmult_assoc. rewrite <- (Rmult_1_r (late h)) at 2. apply Rmult_le_compat_l; [lra|]. unfold K.
  rewrite <- exp_plus.
  apply Rle_trans with (exp 0); [|rewrite exp_0; lra]. apply exp_le_exp.
  assert (a * (tau (S n) - tau n) <= a / tau (S n)) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Local Lemma inside_01 h : 0 <= inside h <= 1.
Proof. unfold inside. destruct (Rlt_dec (X h) X1); lra. Qed.

Local Lemma stays n : forall h, valid 4 h -> (t0 <= length h)%nat -> (n + length h = 2 * m)%nat ->
  Exp 4 quarter n inside h <= Psi h.
Proof.
  induction n as [|n IH]; intros h Hv Hl Hn.
  - simpl. unfold inside, Psi. destruct (Rlt_dec (X h) X1) as [Hx | Hx]; [|lra].
    pose proof (always h Hv Hl) as (I0 & _).
    unfold late. apply Rle_trans with (2 := exp_above_tangent _). pose proof M_small.
    assert (0 <= level M (X h)) by (apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat; lra]).
    pose proof (climb_bounds (level M (X h)) ltac:(auto)). pose proof (level_grows (X h) X1 ltac:(lra) ltac:(lra)) as U.
    rewrite level_X1' in U. simpl plus in Hn. rewrite Hn. lra.
  - change (Exp 4 quarter (S n) inside h) with (Ex 4 quarter (fun k => Exp 4 quarter n inside (k :: h))).
    assert (IH' : Ex 4 quarter (fun k => Exp 4 quarter n inside (k :: h)) <= Ex 4 quarter (fun k => Psi (k :: h))).
    { apply Ex_le; [exact quarter_pos|]. intros k Hk. apply IH; [constructor; auto | simpl; lia | simpl; lia]. }
    destruct (Rlt_le_dec (X h) X1) as [Hx | Hx].
    + destruct (Rle_dec (a * tau (length h)) (climb (level M (X h)))) as [Hc | Hc].
      * apply Rle_trans with (1 := IH'). apply Rle_trans with (Ex 4 quarter (fun k => late (k :: h))).
        -- apply Ex_le; [exact quarter_pos|]. intros k _. apply Psi_late.
        -- unfold Psi. destruct (Rlt_dec (X h) X1); [|lra]. apply late_falls; auto.
      * apply Rle_trans with 1.
        -- rewrite <- (Ex_const 4 quarter quarter_one 1). apply Ex_le; [exact quarter_pos|]. intros k Hk.
           rewrite <- (Exp_const 4 quarter quarter_one n 1 (k :: h)).
           apply Exp_le; [exact quarter_pos | constructor; auto |]. intros h' _ _. apply inside_01.
        -- unfold Psi. destruct (Rlt_dec (X h) X1); [|lra]. unfold late.
           apply Rle_trans with (2 := exp_above_tangent _). lra.
    + apply Rle_trans with (1 := IH'). apply Rle_trans with (Ex 4 quarter (fun _ => 0)).
      * apply Ex_le; [exact quarter_pos|]. intros k Hk. destruct (tail_moves k h Hk Hv Hx) as (C & _). unfold Psi.
        destruct (Rlt_dec (X (k :: h)) X1); lra.
      * rewrite Ex_const by exact quarter_one. apply Psi_late.
Qed.

(* The slope at the end. *)
Let c := mu / (X1 * (rho * tau T)).

Local Lemma tau_T : 0 < tau T.
Proof. pose proof (tau_one T ltac:(lia)). lra. Qed.

Local Lemma c_pos : 0 < c.
Proof. pose proof tau_T. apply Rdiv_lt_0_compat; [apply mu_pos|]. repeat apply Rmult_lt_0_compat; lra. Qed.

Local Lemma before_end h : valid 4 h -> (t0 <= length h <= T)%nat -> X1 <= X h -> X h <= X2.
Proof.
  intros Hv [Hl HT] Hx. pose proof (always h Hv Hl) as (_ & _ & I). specialize (I Hx).
  pose proof (tau_le _ _ HT). assert (Ps : 0 <= s / e).
  { pose proof mu_pos. assert (0 < mu / X1) by (apply Rdiv_lt_0_compat; auto).
    apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]. }
  assert (s / e * tau (length h) <= s / e * tau T) by (apply Rmult_le_compat_l; auto). lra.
Qed.

Local Lemma ends n : forall h j, valid 4 h -> (t0 <= length h)%nat -> (n + length h <= T)%nat -> X1 <= X h ->
  Rmin (X1 + s / L) (X1 + INR j * c) <= X h -> s / L <= INR (j + n) * c ->
  s² <= Exp 4 quarter n (fun h => (slope (X h))²) h.
Proof.
  induction n as [|n IH]; intros h j Hv Hl HT Hx Hj Hjn; pose proof (before_end h Hv ltac:(lia) Hx) as U.
  - simpl. rewrite Nat.add_0_r in Hjn. rewrite Rmin_left in Hj by lra.
    assert (E : slope (X h) = - s) by (eapply slope_tail_flat; known). rewrite E, <- Rsqr_neg. lra.
  - change (Exp 4 quarter (S n) (fun h => (slope (X h))²) h)
      with (Ex 4 quarter (fun k => Exp 4 quarter n (fun h => (slope (X h))²) (k :: h))).
    rewrite <- (Ex_const 4 quarter quarter_one (s²)). apply Ex_le; [exact quarter_pos|]. intros k Hk.
    destruct (tail_moves k h Hk Hv Hx) as ((C1 & _) & C2).
    apply (IH (k :: h) (S j)); [constructor; auto | simpl; lia | simpl; lia | lra | | rewrite Nat.add_succ_r in Hjn;
      exact Hjn].
    assert (Sm : slope (X h) <= - (mu / X1)).
    { eapply slope_tail_first; known. }
    assert (C3 : c <= X (k :: h) - X h).
    { apply Rle_trans with (2 := C2). pose proof (tau_pos (length h)) as Pt.
      pose proof (tau_le (S (length h)) T ltac:(lia)) as Tl.
      unfold c, Rdiv. rewrite Rinv_mult, <- Rmult_assoc. fold (Rdiv mu X1).
      assert (Pm : 0 < mu / X1) by (apply Rdiv_lt_0_compat; auto using mu_pos).
      apply Rmult_le_compat; [lra | left; apply Rinv_0_lt_compat, Rmult_lt_0_compat; [lra | apply tau_T] | lra |].
      apply Rinv_le_contravar; [apply Rmult_lt_0_compat; lra|]. apply Rmult_le_compat_l; lra. }
    rewrite S_INR. pose proof c_pos. unfold Rmin in *. destruct (Rle_dec (X1 + s / L) (X1 + INR j * c));
      destruct (Rle_dec (X1 + s / L) (X1 + (INR j + 1) * c)); lra.
Qed.

Theorem walk_keeps_slope : s² / 16 <= / INR T * sum T (fun t => Exp 4 quarter t (fun h => (slope (X h))²) []).
Proof.
  assert (Pm : 0 < INR m) by (apply lt_0_INR; lia). assert (PT : 0 < INR T) by (apply lt_0_INR; lia).
  assert (Sq0 : forall t, 0 <= Exp 4 quarter t (fun h => (slope (X h))²) []).
  { intros t. apply Exp_nonneg; [exact quarter_pos | exact quarter_one | constructor|]. intros. apply Rle_0_sqr. }
  assert (Half : Exp 4 quarter (2 * m) inside [] <= 1 / 2).
  { replace (2 * m)%nat with (t0 + (2 * m - t0))%nat by lia. rewrite Exp_split.
    rewrite <- (Exp_const 4 quarter quarter_one t0 (1 / 2) []). apply Exp_le; [exact quarter_pos | constructor|].
    intros h Hv Hl. rewrite Nat.add_0_r in Hl. apply Rle_trans with (1 := stays (2 * m - t0) h Hv ltac:(lia)
      ltac:(lia)).
    apply Rle_trans with (1 := proj2 (Psi_late h)). unfold late. rewrite (starts h Hv Hl), level_X0', Hl.
    pose proof (pos_INR k0). pose proof (climb_bounds (8 * INR k0) ltac:(lra)) as [K _].
    apply Rle_trans with (exp (-1)); [apply exp_le_exp; lra|].
    apply Rmult_le_reg_r with (exp 1); [apply exp_pos|]. rewrite <- exp_plus. replace (-1 + 1) with 0 by ring.
    rewrite exp_0.
    pose proof (exp_above_tangent 1). lra. }
  assert (Late : forall t, (3 * m <= t < 3 * m + (T - 3 * m))%nat -> s² / 2 <= Exp 4 quarter t (fun h => (slope (X
    h))²) []).
  { intros t Ht. replace t with (2 * m + (t - 2 * m))%nat by lia. rewrite Exp_split.
    apply Rle_trans with (Exp 4 quarter (2 * m) (fun h => s² - s² * inside h) []).
    - rewrite Exp_lin, Exp_const by exact quarter_one. pose proof (Rle_0_sqr s).
      assert (s² * Exp 4 quarter (2 * m) inside [] <= s² * (1 / 2)) by (apply Rmult_le_compat_l; auto). lra.
    - apply Exp_le; [exact quarter_pos | constructor|]. intros h Hv Hl. rewrite Nat.add_0_r in Hl. unfold inside.
      destruct (Rlt_dec (X h) X1) as [Hx | Hx].
      + rewrite Rmult_1_r, Rminus_eq_0. apply Exp_nonneg; [exact quarter_pos | exact quarter_one | auto |]. intros.
        apply Rle_0_sqr.
      + rewrite Rmult_0_r, Rminus_0_r. apply (ends _ h 0); [auto | lia | lia | lra | |].
        * simpl INR. rewrite Rmult_0_l, Rplus_0_r. apply Rle_trans with (1 := Rmin_r _ _). lra.
        * apply Rle_trans with (1 := tail_short). pose proof c_pos. apply Rmult_le_compat_r; [unfold c in *; lra|].
          apply le_INR. lia. }
  pose proof (sum_tail _ (s² / 2) (3 * m) (T - 3 * m) Sq0 Late) as S.
  replace (3 * m + (T - 3 * m))%nat with T in S by lia.
  assert (Bm : INR m <= INR (T - 3 * m)) by (apply le_INR; lia). assert (BT : INR T <= 8 * INR m).
  { replace 8 with (INR 8) by (simpl; lra). rewrite <- mult_INR. apply le_INR. lia. }
  apply Rmult_le_reg_l with (INR T); [auto|]. rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l by lra.
  pose proof (Rle_0_sqr s).
  apply Rle_trans with (2 := S). apply Rle_trans with (INR m * (s² / 2)); [|apply Rmult_le_compat_r; lra].
  apply Rmult_le_compat_r with (r := s² / 16) in BT; lra.
Qed.
End Walk.
