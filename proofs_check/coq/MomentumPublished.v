(* T3 and T4: Adagrad and Adam with momentum as published by Defossez, Bottou, Bach and Usunier (2022), Theorems 3 and 4.
   Their left side is E|grad F(x_tau)|^2 at a random tau < T, P(tau = j) proportional to 1 - beta1^(T-j). These weights are
   at most 1 and add up to more than Tt = T - beta1/(1-beta1), so it is at most T/Tt times the average of T3' and T4'
   (AdamMomentumRate.v); and T/Tt times the right side of these is at most half of the published one. *)
From Coq Require Import Reals Lra.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm AVGradWeights AdamPublishedRate AdamMomentumRate.
Local Open Scope R_scope.

Definition random_step_gradient n p d gF (x : hist -> vec) (beta1 : R) (T : nat) : R :=
  sum T (fun j => (1 - beta1 ^ (T - j)) * squared_gradient n p d gF x j) / sum T (fun j => 1 - beta1 ^ (T - j)).

(* Their E, and right sides in T, Tt = T - beta1/(1-beta1) and R = G + sqrt(eps). *)
Definition adagrad_momentum_published_right (T d D0 L G eps alpha beta1 : R) : R :=
  let R0 := G + sqrt eps in
  let Tt := T - beta1 / (1 - beta1) in
  sqrt T / Tt * (2 * R0 * D0 / alpha
    + (alpha * d * R0 * L + 12 * d * R0² / (1 - beta1) + 2 * alpha² * d * L² * beta1 / (1 - beta1))
      * ln (1 + T * R0² / eps)).

Definition adam_momentum_published_right (T d D0 L G eps alpha beta1 beta2 : R) : R :=
  let R0 := G + sqrt eps in
  let Tt := T - beta1 / (1 - beta1) in
  let w := 1 - beta2 in
  let u := 1 - beta1 / beta2 in
  (2 * R0 * D0 / alpha
    + (alpha * d * R0 * L * (1 - beta1) / (u * w) + 12 * d * R0² * sqrt (1 - beta1) / (u * sqrt u * sqrt w)
       + 2 * alpha² * d * L² * beta1 / (u * w * sqrt w))
      * (ln (1 + R0² / (w * eps)) - T * ln beta2)) / Tt.

Lemma random_step_weights beta1 T : 0 <= beta1 < 1 -> INR T - beta1 / (1 - beta1) <= sum T (fun j => 1 - beta1 ^ (T - j)).
Proof.
  intros Hb. pose proof (pow_01 beta1 T ltac:(lra)) as Hp.
  assert (E : sum T (fun j => 1 - beta1 ^ (T - j)) = INR T - beta1 * (1 - beta1 ^ T) / (1 - beta1)).
  { rewrite <- powers_closed by lra. pose proof (tvbar_constant beta1 1 T) as H. rewrite avgrad_weights, Rmult_1_l in H.
    rewrite <- H. apply sum_ext. intros. ring. }
  rewrite E. assert (P : 0 <= beta1 * beta1 ^ T * / (1 - beta1)).
  { apply Rmult_le_pos; [apply Rmult_le_pos; lra | left; apply Rinv_0_lt_compat; lra]. }
  replace (beta1 * (1 - beta1 ^ T) / (1 - beta1)) with (beta1 / (1 - beta1) - beta1 * beta1 ^ T * / (1 - beta1))
    by (field; lra). lra.
Qed.

Theorem random_step_below_average n p d F gF L Fstar g G x beta1 T :
  assumptions n p d F gF L Fstar g G -> 0 <= beta1 < 1 -> beta1 / (1 - beta1) < INR T ->
  random_step_gradient n p d gF x beta1 T
  <= INR T / (INR T - beta1 / (1 - beta1)) * mean_squared_gradient n p d gF x T.
Proof.
  intros A Hb HT. assert (Hr : 0 <= beta1 / (1 - beta1)).
  { apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]. }
  pose proof (random_step_weights beta1 T Hb) as HW. unfold random_step_gradient, mean_squared_gradient.
  set (W := sum T (fun j => 1 - beta1 ^ (T - j))) in *. set (Tt := INR T - beta1 / (1 - beta1)) in *.
  assert (PTt : 0 < Tt) by (unfold Tt; lra). set (S := squared_gradient n p d gF x).
  assert (PS : forall j, 0 <= S j) by (intros; apply (squared_gradient_nonneg A)).
  apply Rle_trans with (sum T S / W).
  - apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra|]. apply sum_le. intros j _.
    pose proof (pow_01 beta1 (T - j) ltac:(lra)). assert (0 <= beta1 ^ (T - j) * S j) by (apply Rmult_le_pos; [lra | auto]).
    lra.
  - replace (INR T / Tt * (/ INR T * sum T S)) with (sum T S / Tt) by (field; lra).
    apply Rmult_le_compat_l; [apply sum_nonneg; auto | apply Rinv_le_contravar; lra].
Qed.

(* G <= R0, R <= R0 for R0 = G + sqrt eps *)
Local Lemma radii G eps : 0 <= G -> 0 < eps ->
  0 < radius eps G /\ 0 < G + sqrt eps /\ radius eps G <= G + sqrt eps /\ G <= G + sqrt eps /\ eps <= (G + sqrt eps)²
  /\ G² <= (G + sqrt eps)².
Proof.
  intros HG He. pose proof (sqrt_lt_R0 _ He) as Hs. assert (Es : sqrt eps * sqrt eps = eps) by (apply sqrt_sqrt; lra).
  pose proof (radius_pos eps G He). pose proof (radius_sq eps G He) as E.
  assert (0 <= G * sqrt eps) by (apply Rmult_le_pos; lra).
  assert (0 <= G * G) by (apply Rmult_le_pos; lra). unfold Rsqr in *. repeat split; try lra.
  apply Rnot_lt_le. intros X. assert ((G + sqrt eps) * (G + sqrt eps) < radius eps G * radius eps G)
    by (apply Rmult_le_0_lt_compat; lra). lra.
Qed.

(* a bracket D0 k + d Y with k R <= R0 and R Y <= alpha (E/2) M, against half of the published one *)
Local Lemma halves R1 R0 alpha D0 d Y E M k : 0 < alpha -> 0 <= D0 -> 0 <= d ->
  R1 * k <= R0 -> R1 * Y <= alpha * (E / 2) * M ->
  R1 / alpha * (D0 * k + d * Y) <= / 2 * (2 * R0 * D0 / alpha + d * E * M).
Proof.
  intros Ha HD Hd Hk HY.
  replace (R1 / alpha * (D0 * k + d * Y)) with (/ alpha * (D0 * (R1 * k) + d * (R1 * Y))) by (field; lra).
  replace (/ 2 * (2 * R0 * D0 / alpha + d * E * M)) with (/ alpha * (D0 * R0 + d * (alpha * (E / 2) * M))) by (field; lra).
  apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto|].
  apply Rplus_le_compat; apply Rmult_le_compat_l; auto.
Qed.

Theorem adagrad_momentum_half T d D0 L G eps alpha beta1 : 0 < T -> 0 <= d -> 0 <= D0 -> 0 <= L -> 0 <= G -> 0 < eps ->
  0 < alpha -> 0 <= beta1 < 1 -> beta1 / (1 - beta1) < T ->
  T / (T - beta1 / (1 - beta1)) * adagrad_momentum_right T d D0 L G eps alpha beta1
  <= / 2 * adagrad_momentum_published_right T d D0 L G eps alpha beta1.
Proof.
  intros HT Hd HD HL HG He Ha Hb Hr. destruct (radii G eps HG He) as (P1 & P0 & H1 & H2 & H3 & H4).
  unfold adagrad_momentum_right, adagrad_momentum_published_right. cbv zeta. set (R1 := radius eps G) in *.
  set (R0 := G + sqrt eps) in *. set (Tt := T - beta1 / (1 - beta1)) in *. assert (PTt : 0 < Tt) by (unfold Tt; lra).
  set (N := ln (1 + T * G² / eps)). set (M := ln (1 + T * R0² / eps)). set (q := sqrt T).
  assert (Pq : 0 < q) by (apply sqrt_lt_R0; auto). assert (Eq : T = q * q) by (symmetry; apply sqrt_sqrt; lra).
  set (x := 1 - beta1) in *. assert (Px : 0 < x) by (unfold x; lra).
  assert (B2 : 0 < 1 - beta1²) by (unfold Rsqr; assert (beta1 * beta1 < 1 * 1) by (apply Rmult_le_0_lt_compat; lra); lra).
  set (s := sqrt (1 - beta1²)). assert (Ps : 0 < s) by (apply sqrt_lt_R0; auto).
  assert (Es : s * s = 1 - beta1²) by (apply sqrt_sqrt; lra).
  assert (Hs : x <= s).
  { apply Rnot_lt_le. intros X. assert (s * s < x * x) by (apply Rmult_le_0_lt_compat; lra).
    assert (0 <= beta1 * x) by (apply Rmult_le_pos; lra). unfold x, Rsqr in *. lra. }
  assert (He' : 0 < / eps) by (apply Rinv_0_lt_compat; auto).
  assert (HN : 0 <= N <= M).
  { assert (0 <= T * G² * / eps) by (apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply Rle_0_sqr] | lra]).
    unfold N, M, Rdiv. split.
    - apply ln_nonneg. lra.
    - apply ln_le_mono; [lra|]. apply Rplus_le_compat_l, Rmult_le_compat_r; [lra|]. apply Rmult_le_compat_l; lra. }
  set (C := 2 / 5 * alpha * G + alpha * G * beta1 / (2 * s) + alpha² * L * (1 + 2 * beta1) / (2 * x)
    + alpha² * L * beta1 / (8 * (1 - beta1²))).
  set (E := alpha * R0 * L + 12 * R0² / x + 2 * alpha² * L² * beta1 / x).
  pose proof (Rle_0_sqr R0) as HR0. pose proof (Rle_0_sqr L) as HL2. pose proof (Rle_0_sqr alpha) as Ha2.
  assert (PC : 0 <= C).
  { unfold C, Rdiv. assert (0 < / (2 * s)) by (apply Rinv_0_lt_compat; lra).
    assert (0 < / (2 * x)) by (apply Rinv_0_lt_compat; lra). assert (0 < / (8 * (1 - beta1²))) by (apply Rinv_0_lt_compat; lra).
    repeat apply Rplus_le_le_0_compat; repeat apply Rmult_le_pos; lra. }
  assert (Main : R1 * C <= alpha * (E / 2)).
  { apply Rle_trans with (R0 * C); [apply Rmult_le_compat_r; auto|]. set (X := alpha * L).
    assert (PX : 0 <= X) by (apply Rmult_le_pos; lra).
    (* the four terms of C, each below its bound, over x *)
    assert (C1 : 2 / 5 * G <= 2 / 5 * R0) by lra.
    assert (C2 : G * beta1 / (2 * s) <= R0 * beta1 / (2 * x)).
    { apply Rmult_le_compat; [apply Rmult_le_pos; lra | left; apply Rinv_0_lt_compat; lra | apply Rmult_le_compat_r; lra
        | apply Rinv_le_contravar; lra]. }
    assert (C4 : X * beta1 / (8 * (1 - beta1²)) <= X * beta1 / (8 * x)).
    { apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|]. apply Rinv_le_contravar; [lra|].
      assert (0 <= beta1 * x) by (apply Rmult_le_pos; lra). unfold x, Rsqr in *. lra. }
    assert (Cx : C <= alpha * / x * (9 / 10 * R0 + X * ((1 + 2 * beta1) / 2 + beta1 / 8))).
    { replace C with (alpha * (2 / 5 * G + G * beta1 / (2 * s) + X * (1 + 2 * beta1) / (2 * x)
        + X * beta1 / (8 * (1 - beta1²))))
        by (unfold C, X, Rsqr in *; field; lra).
      rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|].
      replace (/ x * (9 / 10 * R0 + X * ((1 + 2 * beta1) / 2 + beta1 / 8))) with
        (2 / 5 * R0 * / x + R0 * / (2 * x) + X * (1 + 2 * beta1) / (2 * x) + X * beta1 / (8 * x)) by (field; lra).
      assert (1 <= / x) by (rewrite <- Rinv_1; apply Rinv_le_contravar; unfold x in *; lra).
      assert (2 / 5 * R0 * 1 <= 2 / 5 * R0 * / x) by (apply Rmult_le_compat_l; lra).
      assert (R0 * beta1 / (2 * x) <= R0 * / (2 * x)).
      { unfold Rdiv. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra|].
        rewrite <- (Rmult_1_r R0) at 2. apply Rmult_le_compat_l; lra. }
      lra. }
    apply Rle_trans with (R0 * (alpha * / x * (9 / 10 * R0 + X * ((1 + 2 * beta1) / 2 + beta1 / 8))));
      [apply Rmult_le_compat_l; lra|].
    replace (R0 * (alpha * / x * (9 / 10 * R0 + X * ((1 + 2 * beta1) / 2 + beta1 / 8)))) with
      (alpha * / x * (9 / 10 * R0² + R0 * X * ((1 + 2 * beta1) / 2 + beta1 / 8))) by (unfold Rsqr; ring).
    replace (alpha * (E / 2)) with (alpha * / x * (R0 * X * x / 2 + 6 * R0² + X² * beta1))
      by (unfold E, X, Rsqr; field; lra).
    apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]|].
    (* 13/8 beta1 R0 X <= 51/10 R0^2 + beta1 X^2 *)
    assert (0 <= beta1 * (X - 13 / 16 * R0)²) by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]).
    assert (beta1 * R0² <= 1 * R0²) by (apply Rmult_le_compat_r; lra).
    unfold x, Rsqr in *. lra. }
  assert (HY : R1 * (C * N) <= alpha * (E / 2) * M).
  { rewrite <- Rmult_assoc. apply Rmult_le_compat; [apply Rmult_le_pos; lra | lra | exact Main | lra]. }
  pose proof (halves R1 R0 alpha D0 d (C * N) E M 1 Ha HD Hd ltac:(lra) HY) as H.
  replace (T / Tt * (R1 / (alpha * q) * (D0 + d * C * N))) with (q / Tt * (R1 / alpha * (D0 * 1 + d * (C * N))))
    by (rewrite Eq; field; lra).
  replace (/ 2 * (q / Tt * (2 * R0 * D0 / alpha
      + (alpha * d * R0 * L + 12 * d * R0² / x + 2 * alpha² * d * L² * beta1 / x) * M)))
    with (q / Tt * (/ 2 * (2 * R0 * D0 / alpha + d * E * M))) by (unfold E; field; lra).
  apply Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; auto | exact H].
Qed.

(* ln(4/3) + ln(3/2) *)
Local Lemma ln_two : 7 / 12 <= ln 2.
Proof.
  replace 2 with (4 / 3 * (3 / 2)) by lra. rewrite ln_mult by lra.
  pose proof (ln_lower (4 / 3) ltac:(lra)). pose proof (ln_lower (3 / 2) ltac:(lra)).
  replace (/ (4 / 3)) with (3 / 4) in * by lra. replace (/ (3 / 2)) with (2 / 3) in * by lra. lra.
Qed.

(* sigma = beta1/sqrt(beta2), x = 1 - beta1, y = 1 - sigma, u = 1 - beta1/beta2 *)
Local Lemma widths beta1 beta2 : 0 <= beta1 < beta2 -> beta2 < 1 ->
  let sigma := beta1 / sqrt beta2 in let u := 1 - beta1 / beta2 in
  0 <= sigma < 1 /\ sigma² <= beta1 /\ 0 < u <= 1 - sigma /\ 1 - sigma <= 1 - beta1 /\ (1 - beta1) * u <= (1 - sigma)².
Proof.
  intros Hb Hb2 sigma u. assert (Hq : 0 < sqrt beta2) by (apply sqrt_lt_R0; lra). set (q := sqrt beta2) in *.
  assert (Eq : q * q = beta2) by (apply sqrt_sqrt; lra).
  assert (Hq1 : q < 1) by (apply Rnot_le_lt; intros X; assert (1 * 1 <= q * q) by (apply Rmult_le_compat; lra); lra).
  set (k := / q). assert (Kq : k * q = 1) by (apply Rinv_l; lra).
  assert (Hk : 1 < k) by (unfold k; rewrite <- Rinv_1; apply Rinv_lt_contravar; lra).
  assert (Es : sigma = beta1 * k) by reflexivity.
  assert (Eu : u = 1 - sigma * k) by (unfold u; rewrite Es, <- Eq; unfold k; field; lra).
  assert (Ek : beta1 * (k * k) < 1).
  { replace 1 with (beta2 * (k * k)); [apply Rmult_lt_compat_r; [apply Rmult_lt_0_compat; lra | lra]|].
    rewrite <- Eq. replace (q * q * (k * k)) with ((k * q) * (k * q)) by ring. rewrite Kq. lra. }
  assert (S0 : 0 <= sigma) by (rewrite Es; apply Rmult_le_pos; lra).
  assert (S1 : sigma * 1 <= sigma * k) by (apply Rmult_le_compat_l; lra).
  assert (S2 : beta1 * 1 <= beta1 * k) by (apply Rmult_le_compat_l; lra).
  assert (E1 : sigma * k = beta1 * (k * k)) by (rewrite Es; ring).
  repeat split; try lra.
  - replace sigma² with (beta1 * (beta1 * (k * k))) by (rewrite Es; unfold Rsqr; ring).
    rewrite <- (Rmult_1_r beta1) at 3. apply Rmult_le_compat_l; lra.
  - assert (0 <= beta1 * (k - 1)²) by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]). rewrite Eu, Es. unfold Rsqr in *. lra.
Qed.

(* What is left of T4's constant once everything is divided by alpha and by sqrt w: X = alpha L/sqrt w. *)
Local Lemma forgetting_constant x y u sigma s R0 G X beta1 :
  0 <= sigma < 1 -> sigma² <= beta1 -> 0 < u <= y -> y <= x -> x * u <= y² -> y = 1 - sigma -> 0 < s -> s² = 1 - sigma² ->
  0 <= G <= R0 -> 0 <= X ->
  R0 * (2 / 5 * G + X * (x / y) * (1 + 2 * sigma) / (2 * y)
        + 8 * (G * sigma / (2 * s) + X * sigma * (x / y) / (8 * s²)))
  <= R0 * X * x / (2 * u) + 6 * R0² * sqrt x / (u * sqrt u) + X² * beta1 / u.
Proof.
  intros Hs Hb Hu Hx Hxu Ey Ps Es HG HX. assert (Py : 0 < y) by lra. assert (Iu : 0 < / u) by (apply Rinv_0_lt_compat; lra).
  assert (Iy : 0 < / y) by (apply Rinv_0_lt_compat; lra). assert (Iyu : / y <= / u) by (apply Rinv_le_contravar; lra).
  assert (Psu : 0 < sqrt u) by (apply sqrt_lt_R0; lra). assert (Hr : sqrt u <= sqrt x) by (apply sqrt_le_1_alt; lra).
  assert (Esy : s² = y * (1 + sigma)) by (rewrite Es, Ey; unfold Rsqr; ring).
  assert (Hsy : y <= s² /\ y <= s).
  { assert (0 <= y * sigma) by (apply Rmult_le_pos; lra). split; [lra|]. apply Rnot_lt_le. intros Z.
    assert (s * s < y * y) by (apply Rmult_le_0_lt_compat; lra).
    assert (y * y <= y * 1) by (apply Rmult_le_compat_l; lra). unfold Rsqr in *. lra. }
  (* the terms in G *)
  assert (C1 : 2 / 5 * G + 4 * (G * sigma / s) <= 4 * R0 * / u).
  { assert (sigma * / s <= sigma * / y) by (apply Rmult_le_compat_l; [lra | apply Rinv_le_contravar; lra]).
    replace (sigma * / y) with (/ y - 1) in * by (rewrite Ey in *; field; lra).
    replace (2 / 5 * G + 4 * (G * sigma / s)) with (G * (2 / 5 + 4 * (sigma * / s))) by (field; lra).
    replace (4 * R0 * / u) with (R0 * (4 * / u)) by ring. apply Rmult_le_compat; try lra.
    assert (0 <= sigma * / s) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]). lra. }
  (* the terms in X *)
  assert (Q : sigma * (x / y²) <= sigma * / u).
  { apply Rmult_le_compat_l; [lra|]. assert (P2 : 0 < y²) by (apply Rsqr_pos_lt; lra).
    apply Rmult_le_reg_r with (y² * u); [apply Rmult_lt_0_compat; lra|].
    replace (x / y² * (y² * u)) with (x * u) by (field; lra). replace (/ u * (y² * u)) with y² by (field; lra). auto. }
  assert (C2 : (x / y) * (1 + 2 * sigma) / (2 * y) + sigma * (x / y) / s² <= x / (2 * u) + 5 / 2 * (sigma * / u)).
  { assert (Z1 : sigma * (x / y) / s² <= sigma * (x / y²)).
    { replace (sigma * (x / y²)) with (sigma * (x / y) * / y) by (unfold Rsqr; field; lra).
      apply Rmult_le_compat_l; [|apply Rinv_le_contravar; lra].
      apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra]. }
    replace ((x / y) * (1 + 2 * sigma) / (2 * y)) with (x / 2 * / y + 3 / 2 * (sigma * (x / y²)))
      by (rewrite Ey in *; unfold Rsqr; field; lra).
    replace (x / (2 * u)) with (x / 2 * / u) by (field; lra).
    assert (x / 2 * / y <= x / 2 * / u) by (apply Rmult_le_compat_l; lra). lra. }
  (* the middle term on the right *)
  assert (C3 : 6 * R0² * / u <= 6 * R0² * sqrt x / (u * sqrt u)).
  { replace (6 * R0² * sqrt x / (u * sqrt u)) with (6 * R0² * / u * (sqrt x * / sqrt u)) by (field; lra).
    rewrite <- (Rmult_1_r (6 * R0² * / u)) at 1. apply Rmult_le_compat_l.
    - apply Rmult_le_pos; [pose proof (Rle_0_sqr R0); lra | lra].
    - apply Rmult_le_reg_r with (sqrt u); [auto|]. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  replace (R0 * (2 / 5 * G + X * (x / y) * (1 + 2 * sigma) / (2 * y)
      + 8 * (G * sigma / (2 * s) + X * sigma * (x / y) / (8 * s²))))
    with (R0 * (2 / 5 * G + 4 * (G * sigma / s)) + R0 * X * ((x / y) * (1 + 2 * sigma) / (2 * y) + sigma * (x / y) / s²))
    by (unfold Rsqr; field; lra).
  assert (PRX : 0 <= R0 * X) by (apply Rmult_le_pos; lra).
  apply Rmult_le_compat_l with (r := R0) in C1; [|lra]. apply Rmult_le_compat_l with (r := R0 * X) in C2; [|auto].
  assert (Z : 0 <= / u * (2 * R0² - 5 / 2 * (R0 * X * sigma) + X² * beta1)).
  { apply Rmult_le_pos; [lra|]. pose proof (Rle_0_sqr (sigma * X - 5 / 4 * R0)). pose proof (Rle_0_sqr R0).
    assert (X² * sigma² <= X² * beta1) by (apply Rmult_le_compat_l; [apply Rle_0_sqr | auto]). unfold Rsqr in *. lra. }
  replace (R0 * X * x / (2 * u)) with (R0 * X * (x / (2 * u))) by (field; lra).
  replace (X² * beta1 / u) with (/ u * (X² * beta1)) by (field; lra). unfold Rsqr in *. lra.
Qed.

Theorem adam_momentum_half T d D0 L G eps alpha beta1 beta2 : 0 < T -> 0 <= d -> 0 <= D0 -> 0 <= L -> 0 <= G -> 0 < eps ->
  0 < alpha -> 0 <= beta1 < beta2 -> beta2 < 1 -> beta1 / (1 - beta1) < T ->
  T / (T - beta1 / (1 - beta1)) * adam_momentum_right T d D0 L G eps alpha beta1 beta2
  <= / 2 * adam_momentum_published_right T d D0 L G eps alpha beta1 beta2.
Proof.
  intros HT Hd HD HL HG He Ha Hb Hb2 Hr. destruct (radii G eps HG He) as (P1 & P0 & H1 & H2 & H3 & H4).
  destruct (widths beta1 beta2 Hb Hb2) as (S1 & S2 & U1 & U2 & U3). cbv zeta in *.
  unfold adam_momentum_right, adam_momentum_published_right, adam_ratios. cbv zeta. set (R1 := radius eps G) in *.
  set (R0 := G + sqrt eps) in *. set (Tt := T - beta1 / (1 - beta1)) in *. assert (PTt : 0 < Tt) by (unfold Tt; lra).
  set (sigma := beta1 / sqrt beta2) in *. set (u := 1 - beta1 / beta2) in *. set (w := 1 - beta2) in *.
  set (x := 1 - beta1) in *. set (y := 1 - sigma) in *. assert (Hw : 0 < w) by (unfold w; lra).
  assert (Px : 0 < x) by lra. assert (Py : 0 < y) by lra.
  assert (Q1 : 0 < 1 - sigma²).
  { assert (sigma * sigma < 1 * 1) by (apply Rmult_le_0_lt_compat; lra). unfold Rsqr. lra. }
  set (N := ln (1 + G² / (w * eps)) - (T - 1) * ln beta2). set (M := ln (1 + R0² / (w * eps)) - T * ln beta2).
  assert (Hl : ln beta2 <= 0) by (rewrite <- ln_1; apply ln_le_mono; lra).
  assert (Pwe : 0 < w * eps) by (apply Rmult_lt_0_compat; auto).
  assert (Iwe : 0 < / (w * eps)) by (apply Rinv_0_lt_compat; auto).
  assert (HN : 0 <= M /\ N <= M /\ N + 4 <= 8 * M).
  { assert (Z : ln (1 + G² / (w * eps)) <= ln (1 + R0² / (w * eps))).
    { assert (0 <= G² * / (w * eps)) by (apply Rmult_le_pos; [apply Rle_0_sqr | lra]).
      unfold Rdiv. apply ln_le_mono; [lra|]. apply Rplus_le_compat_l, Rmult_le_compat_r; lra. }
    assert (Z2 : 7 / 12 <= ln (1 + R0² / (w * eps))).
    { apply Rle_trans with (1 := ln_two). apply ln_le_mono; [lra|].
      assert (w * eps * / (w * eps) <= R0² * / (w * eps)).
      { apply Rmult_le_compat_r; [lra|]. assert (w * eps <= 1 * eps) by (apply Rmult_le_compat_r; unfold w; lra). lra. }
      rewrite Rinv_r in * by lra. unfold Rdiv. lra. }
    assert (0 <= T * - ln beta2) by (apply Rmult_le_pos; lra). unfold N, M. repeat split; lra. }
  set (sw := sqrt w). assert (Psw : 0 < sw) by (apply sqrt_lt_R0; auto).
  assert (Esw : w = sw * sw) by (symmetry; apply sqrt_sqrt; lra).
  set (s := sqrt (1 - sigma²)). assert (Ps : 0 < s) by (apply sqrt_lt_R0; auto).
  assert (Es : s² = 1 - sigma²) by (apply Rsqr_sqrt; lra).
  assert (Esm : sqrt ((1 - sigma²) * w) = s * sw) by (apply sqrt_mult_alt; lra).
  assert (Isw : 0 < / sw) by (apply Rinv_0_lt_compat; auto).
  set (X := alpha * L / sw). assert (PX : 0 <= X) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]).
  clearbody sigma.
  set (A := 2 / 5 * G + X * (x / y) * (1 + 2 * sigma) / (2 * y)).
  set (B := G * sigma / (2 * s) + X * sigma * (x / y) / (8 * s²)).
  assert (PA : 0 <= A).
  { unfold A, Rdiv. assert (0 < / y) by (apply Rinv_0_lt_compat; auto). assert (0 < / (2 * y)) by (apply Rinv_0_lt_compat; lra).
    repeat apply Rplus_le_le_0_compat; repeat apply Rmult_le_pos; lra. }
  assert (PB : 0 <= B).
  { unfold B, Rdiv. assert (0 < / y) by (apply Rinv_0_lt_compat; auto). assert (0 < / (2 * s)) by (apply Rinv_0_lt_compat; lra).
    assert (0 < / (8 * s²)) by (rewrite Es; apply Rinv_0_lt_compat; lra).
    repeat apply Rplus_le_le_0_compat; repeat apply Rmult_le_pos; lra. }
  pose proof (forgetting_constant x y u sigma s R0 G X beta1 S1 S2 U1 U2 U3 eq_refl Ps Es (conj HG H2) PX) as Main.
  fold A B in Main.
  set (E := alpha * R0 * L * x / (u * w) + 12 * R0² * sqrt x / (u * sqrt u * sw) + 2 * alpha² * L² * beta1 / (u * w * sw)).
  assert (Psu : 0 < sqrt u) by (apply sqrt_lt_R0; lra).
  assert (EE : alpha * (E / 2) = alpha / sw * (R0 * X * x / (2 * u) + 6 * R0² * sqrt x / (u * sqrt u) + X² * beta1 / u)).
  { unfold E, X. rewrite Esw. unfold Rsqr. field. repeat split; lra. }
  set (Y := alpha / sw * (A * N + B * (N + 4))). assert (Pas : 0 < alpha / sw) by (apply Rdiv_lt_0_compat; auto).
  assert (HY : R1 * Y <= alpha * (E / 2) * M).
  { rewrite EE. apply Rle_trans with (R1 * (alpha / sw * ((A + 8 * B) * M))).
    - apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_l; [lra|].
      assert (A * N <= A * M) by (apply Rmult_le_compat_l; lra).
      assert (B * (N + 4) <= B * (8 * M)) by (apply Rmult_le_compat_l; lra).
      lra.
    - replace (R1 * (alpha / sw * ((A + 8 * B) * M))) with (alpha / sw * M * (R1 * (A + 8 * B))) by ring.
      set (Z := R0 * X * x / (2 * u) + _ + _) in *. replace (alpha / sw * Z * M) with (alpha / sw * M * Z) by ring.
      apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|]. apply Rle_trans with (2 := Main). apply Rmult_le_compat_r; lra. }
  assert (Hk : R1 * (y / x) <= R0).
  { apply Rle_trans with (R1 * 1); [|lra]. apply Rmult_le_compat_l; [lra|]. apply Rmult_le_reg_r with x; [auto|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  pose proof (halves R1 R0 alpha D0 d Y E M (y / x) Ha HD Hd Hk HY) as H.
  fold sw s. rewrite Esm.
  replace (T / Tt * (R1 / (alpha * T) * (D0 / (x / y) + d * ((2 / 5 * alpha * G / sw
      + alpha² * L * (x / y) * (1 + 2 * sigma) / (2 * y * w)) * N
      + (alpha * G * sigma / (2 * (s * sw)) + alpha² * L * sigma * (x / y) / (8 * (1 - sigma²) * w)) * (N + 4)))))
    with (/ Tt * (R1 / alpha * (D0 * (y / x) + d * Y))).
  2: { unfold Y, A, B, X. rewrite <- Es, Esw. unfold Rsqr. field. repeat split; lra. }
  replace (/ 2 * ((2 * R0 * D0 / alpha + (alpha * d * R0 * L * x / (u * w) + 12 * d * R0² * sqrt x / (u * sqrt u * sw)
      + 2 * alpha² * d * L² * beta1 / (u * w * sw)) * M) / Tt))
    with (/ Tt * (/ 2 * (2 * R0 * D0 / alpha + d * E * M))).
  2: { unfold E. field. repeat split; lra. }
  apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto | exact H].
Qed.

(* From a rate of the average: T/Tt times a bound on it is at most half of P, so P bounds the gradient at the random step. *)
Local Lemma published n p d F gF L Fstar g G x beta1 T right P :
  assumptions n p d F gF L Fstar g G -> 0 <= beta1 < 1 -> beta1 / (1 - beta1) < INR T -> (0 < T)%nat ->
  mean_squared_gradient n p d gF x T <= right -> INR T / (INR T - beta1 / (1 - beta1)) * right <= / 2 * P ->
  random_step_gradient n p d gF x beta1 T <= P.
Proof.
  intros A Hb HT HT0 Hm Hh. pose proof (random_step_below_average n p d F gF L Fstar g G x beta1 T A Hb HT) as H.
  assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  set (q := INR T / (INR T - beta1 / (1 - beta1))) in *. assert (Pq : 0 < q) by (apply Rdiv_lt_0_compat; lra).
  assert (M0 : 0 <= mean_squared_gradient n p d gF x T).
  { apply Rmult_le_pos; [left; apply Rinv_0_lt_compat; auto|]. apply sum_nonneg. intros. apply (squared_gradient_nonneg A). }
  apply Rmult_le_compat_l with (r := q) in Hm; [|lra]. assert (0 <= q * mean_squared_gradient n p d gF x T)
    by (apply Rmult_le_pos; lra). lra.
Qed.

Local Lemma some_steps beta1 T : 0 <= beta1 < 1 -> beta1 / (1 - beta1) < INR T -> (0 < T)%nat.
Proof.
  intros Hb HT. assert (0 <= beta1 / (1 - beta1)) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
  apply INR_lt. simpl. lra.
Qed.

Theorem adagrad_momentum_published n p d F gF L Fstar g G eps alpha beta1 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> beta1 / (1 - beta1) < INR T ->
  (0 < d)%nat ->
  random_step_gradient n p d gF (adagrad_momentum_point g eps alpha beta1 x0) beta1 T
  <= adagrad_momentum_published_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1.
Proof.
  intros A He Ha Hb HT Hd. pose proof (some_steps beta1 T Hb HT) as HT0. pose proof (F_low A x0) as HF.
  eapply published; eauto.
  - eapply adagrad_momentum_rate; eauto.
  - apply adagrad_momentum_half; auto using pos_INR, lt_0_INR, (L_nonneg_of A), (G_nonneg A Hd). lra.
Qed.

Theorem adam_momentum_published n p d F gF L Fstar g G eps alpha beta1 beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < beta2 -> beta2 < 1 ->
  beta1 / (1 - beta1) < INR T -> (0 < d)%nat ->
  random_step_gradient n p d gF (adam_momentum_point g eps alpha beta1 beta2 x0) beta1 T
  <= adam_momentum_published_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2.
Proof.
  intros A He Ha Hb Hb2 HT Hd. assert (Hb1 : 0 <= beta1 < 1) by lra. pose proof (some_steps beta1 T Hb1 HT) as HT0.
  pose proof (F_low A x0) as HF. assert (Hs : beta1² < beta2).
  { assert (beta1 * beta1 <= beta1 * 1) by (apply Rmult_le_compat_l; lra). unfold Rsqr. lra. }
  eapply published; eauto.
  - eapply adam_momentum_rate; eauto; lra.
  - apply adam_momentum_half; auto using pos_INR, lt_0_INR, (L_nonneg_of A), (G_nonneg A Hd). lra.
Qed.
