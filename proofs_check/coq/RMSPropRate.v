(* TR: RMSProp with a constant step alpha, v_t = beta2 v_{t-1} + (1-beta2) g_t^2, v_0 = 0,
   x_t = x_{t-1} - alpha g_t/sqrt(eps + v_t), and no bound on the gradient or on the noise but
   E|g - grad F|^2 <= sigma^2 at every point:
       (1/T) sum_t E|grad F(x_{t-1})|_1 <= sqrt(p (d sqrt(eps + sigma^2) + (1 + sqrt(beta2)) p)),
   p = (2/T) [D0/alpha + d (sqrt(w) sigma + alpha L/2) N], N = (ln(1 + (sigma^2 + M^2)/eps) - (T-1) ln beta2)/w,
   M = sqrt(2 L D0) + alpha L T sqrt(d/w), w = 1 - beta2. TRx: where F is smooth by coordinate, with N_i, the same with
   sum_i N_i in the place of d L in p. *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Logarithm Expectation Smoothness Setting Paths RatioSums AdamRate SGDRate.
Import ListNotations.
Local Open Scope R_scope.

(* The left side: the mean of the sum of |d_i F|. *)
Definition absolute_gradient n p d (gF : vec -> vec) (x : hist -> vec) (t : nat) : R :=
  Exp n p t (fun h => sum d (fun i => Rabs (gF (x h) i))) [].
Definition mean_absolute_gradient n p d gF x (T : nat) : R := / INR T * sum T (absolute_gradient n p d gF x).

Definition farthest_gradient (T d D0 L alpha beta2 : R) : R :=
  sqrt (2 * L * D0) + alpha * L * T * sqrt (d / (1 - beta2)).
Definition ratios_bound (T d D0 L sigma eps alpha beta2 : R) : R :=
  (ln (1 + (sigma² + (farthest_gradient T d D0 L alpha beta2)²) / eps) - (T - 1) * ln beta2) / (1 - beta2).
Definition conditional_bound (T d D0 L N sigma eps alpha beta2 : R) : R :=
  2 / T * (D0 / alpha + (d * (sqrt (1 - beta2) * sigma) + alpha * N / 2)
                        * ratios_bound T d D0 L sigma eps alpha beta2).
Definition rmsprop_right_by_coordinate (T d D0 L N sigma eps alpha beta2 : R) : R :=
  let p := conditional_bound T d D0 L N sigma eps alpha beta2 in
  sqrt (p * (d * sqrt (eps + sigma²) + (1 + sqrt beta2) * p)).
Definition rmsprop_right (T d D0 L sigma eps alpha beta2 : R) : R :=
  rmsprop_right_by_coordinate T d D0 L (d * L) sigma eps alpha beta2.

(* sqrt(x + y) <= sqrt x + y/s for every s <= sqrt(x + y). *)
Lemma sqrt_split x y s : 0 <= x -> 0 <= y -> 0 < s -> s * s <= x + y -> sqrt (x + y) <= sqrt x + y / s.
Proof.
  intros Hx Hy Hs H. pose proof (sqrt_pos x). pose proof (sqrt_pos (x + y)).
  pose proof (sqrt_sqrt x Hx) as Ex'. pose proof (sqrt_sqrt (x + y) ltac:(lra)) as Ey.
  set (r := sqrt (x + y)) in *. set (r0 := sqrt x) in *.
  assert (Hr : s <= r) by nra. assert (Hr0 : r0 <= r) by nra.
  apply Rmult_le_reg_r with s; [auto|]. replace ((r0 + y / s) * s) with (r0 * s + y) by (field; lra). nra.
Qed.

(* An arbitrary weight z in front of P and 1/z in front of D: the best is a root. *)
Lemma best_weight S P D : 0 <= P -> 0 <= D -> (forall z, 0 < z -> 2 * S <= z * P + D / z) -> S <= sqrt (P * D).
Proof.
  intros HP HD H. destruct (Rle_lt_dec S 0) as [N | Pos].
  - apply Rle_trans with 0; [auto | apply sqrt_pos].
  - rewrite <- (sqrt_Rsqr S) by lra. apply sqrt_le_1_alt. replace (S²) with ((- S)²) by (unfold Rsqr; ring).
    apply discriminant; auto. intros z. destruct (Rle_lt_dec z 0) as [Z | Z].
    + assert (0 <= P * z²) by (apply Rmult_le_pos; [auto | apply Rle_0_sqr]). nra.
    + pose proof (Rmult_le_compat_l z _ _ (Rlt_le _ _ Z) (H z Z)) as Q.
      replace (z * (z * P + D / z)) with (P * z² + D) in Q by (unfold Rsqr; field; lra). lra.
Qed.

(* The mean of the draws' logarithms is at most the logarithm of their mean: the tangent at m. *)
Lemma ln_tangent y m : 0 < y -> 0 < m -> ln y <= ln m + (y - m) / m.
Proof.
  intros Hy Hm. pose proof (ln_upper (y / m) ltac:(apply Rdiv_lt_0_compat; auto)) as U.
  rewrite ln_quot in U by auto. replace ((y - m) / m) with (y / m - 1) by (field; lra). lra.
Qed.

Lemma coordinate_of d f i : (i < d)%nat -> (f i)² <= sqn d f.
Proof.
  unfold sqn. induction d as [|d IH]; intros Hi; [lia|]. rewrite sum_S. destruct (Nat.eq_dec i d) as [-> | NE].
  - assert (0 <= sum d (fun i => (f i)²)) by (apply sum_nonneg; intros; apply Rle_0_sqr). lra.
  - assert (H : (i < d)%nat) by lia. pose proof (IH H). pose proof (Rle_0_sqr (f d)). lra.
Qed.

(* F >= Fstar: |grad F|^2 <= 2 L (F - Fstar). *)
Lemma gradient_gap d F gF L Fstar x : smooth d F gF L -> (forall y, Fstar <= F y) ->
  sqn d (gF x) <= 2 * L * (F x - Fstar).
Proof.
  intros HS Hlow. pose proof (L_nonneg _ _ _ _ HS) as HL. pose proof (sqn_nonneg d (gF x)) as Pn.
  set (q := sqn d (gF x)) in *.
  assert (D : forall s, 0 <= (L / 2 * q) * s² + 2 * s * (- q / 2) + (F x - Fstar)).
  { intros s. pose proof (descent d F gF L x (fun i => - s * gF x i) HS) as D.
    pose proof (Hlow (fun i => x i + - s * gF x i)) as H.
    replace (dot d (gF x) (fun i => - s * gF x i)) with (- s * q) in D
      by (unfold q, dot, sqn; rewrite <- sum_scal; apply sum_ext; intros; unfold Rsqr; ring).
    replace (sqn d (fun i => - s * gF x i)) with (s² * q) in D
      by (unfold q, sqn; rewrite <- sum_scal; apply sum_ext; intros; unfold Rsqr; ring).
    lra. }
  assert (P0 : 0 <= L / 2 * q) by nra. assert (P1 : 0 <= F x - Fstar) by (pose proof (Hlow x); lra).
  pose proof (discriminant _ _ _ P0 P1 D) as Q. unfold Rsqr in Q.
  destruct (Req_dec q 0) as [E | NE]; [rewrite E; nra|].
  apply Rmult_le_reg_l with q; [lra|]. nra.
Qed.

(* 1. Decoupling without a bound on g: m = E g and E(g-m)^2 <= s^2, b = a + w g^2. *)
Section Decoupling.
Variables (n : nat) (p : nat -> R) (g : nat -> R) (a w s : R).
Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.
Hypothesis p_one : sum n p = 1.
Hypothesis a_pos : 0 < a.
Hypothesis w_pos : 0 < w.
Hypothesis s_pos : 0 <= s.
Let m := Ex n p g.
Hypothesis variance : Ex n p (fun k => (g k - m)²) <= s².

Let second := Ex n p (fun k => (g k)²).
Let u := sqrt (a + w * second).
Let b k := a + w * (g k)².

Local Lemma second_is : second = m² + Ex n p (fun k => (g k - m)²).
Proof.
  unfold second. transitivity (Ex n p (fun k => (g k - m)² + (2 * m) * g k - m²)).
  - apply Ex_ext; intros; unfold Rsqr; ring.
  - rewrite Ex_minus, Ex_plus, Ex_scal, Ex_const by auto. fold m. unfold Rsqr. ring.
Qed.
Local Lemma s2_pos : 0 <= Ex n p (fun k => (g k - m)²).
Proof. apply Ex_nonneg; auto; intros; apply Rle_0_sqr. Qed.
Local Lemma second_pos : 0 <= second.
Proof. rewrite second_is. pose proof s2_pos. pose proof (Rle_0_sqr m). lra. Qed.
Local Lemma draw_pos k : 0 < b k.
Proof. unfold b. pose proof (Rle_0_sqr (g k)). nra. Qed.
Local Lemma u_sq : u * u = a + w * second.
Proof. apply sqrt_sqrt. pose proof second_pos. nra. Qed.
Local Lemma mean_pos : 0 < u.
Proof. apply sqrt_lt_R0. pose proof second_pos. nra. Qed.

(* E(u - sqrt b)^2 <= 2 w E(g-m)^2, for u sqrt b >= a + w r |g| with r^2 = E g^2. *)
Local Lemma spread : Ex n p (fun k => (u - sqrt (b k))²) <= 2 * w * (second - m²).
Proof.
  pose proof second_pos as P2. set (r := sqrt second). assert (Er : r * r = second) by (apply sqrt_sqrt; auto).
  pose proof (sqrt_pos second) as Pr. fold r in Pr.
  assert (B : forall e, (e = 1 \/ e = - 1) -> forall k, (u - sqrt (b k))² <= u * u + b k - 2 * (a + w * r * (e * g k))).
  { intros e He k. pose proof (draw_pos k) as Pb. pose proof (sqrt_sqrt (b k) ltac:(lra)) as Eb.
    pose proof (sqrt_pos (b k)) as Ps. pose proof mean_pos as Pu. pose proof u_sq as Eu.
    assert (H : a + w * r * (e * g k) <= u * sqrt (b k)).
    { apply Rsqr_incr_0_var; [|nra]. rewrite Rsqr_mult. unfold Rsqr at 2 3. rewrite Eu, Eb, <- Er. unfold b.
      assert (Q : 0 <= a * w * (r - e * g k)²) by (apply Rmult_le_pos; [nra | apply Rle_0_sqr]).
      destruct He as [-> | ->]; unfold Rsqr in *; lra. }
    unfold Rsqr. lra. }
  assert (C : forall e, (e = 1 \/ e = - 1) ->
    Ex n p (fun k => (u - sqrt (b k))²) <= 2 * w * (second - r * (e * m))).
  { intros e He. apply Rle_trans with (1 := Ex_le n p p_pos _ _ (fun k _ => B e He k)). right.
    transitivity (Ex n p (fun k => (u * u - a) + w * (g k)² - (2 * w * r * e) * g k)).
    - apply Ex_ext; intros; unfold b; ring.
    - rewrite Ex_minus, Ex_plus, Ex_const, !Ex_scal by auto. fold m second. rewrite u_sq. ring. }
  assert (A : Rabs m * Rabs m <= r * Rabs m).
  { apply Rmult_le_compat_r; [apply Rabs_pos|]. apply Rsqr_incr_0_var; [|auto].
    rewrite <- Rsqr_abs. unfold Rsqr at 2. rewrite Er, second_is. pose proof s2_pos. lra. }
  pose proof (Rsqr_abs m) as Em. unfold Rsqr in Em. unfold Rsqr at 2.
  unfold Rabs in *. destruct (Rcase_abs m).
  - pose proof (C (- 1) ltac:(auto)). nra.
  - pose proof (C 1 ltac:(auto)). nra.
Qed.

Lemma decoupling_by_variance :
  m² / (2 * u) <= m * Ex n p (fun k => g k / sqrt (b k)) + sqrt w * s * Ex n p (fun k => (g k)² / b k).
Proof.
  pose proof mean_pos as Pu. pose proof spread as V. pose proof s2_pos as P2.
  set (Q := Ex n p (fun k => (g k)² / b k)). set (s2 := Ex n p (fun k => (g k - m)²)) in *.
  replace (second - m²) with s2 in V by (rewrite second_is; unfold s2; ring).
  assert (PQ : 0 <= Q).
  { apply Ex_nonneg; auto. intros k _. pose proof (draw_pos k). apply Rmult_le_pos; [apply Rle_0_sqr|].
    left; apply Rinv_0_lt_compat; auto. }
  set (Z := Ex n p (fun k => g k / sqrt (b k) * (u - sqrt (b k)))).
  assert (CS : Z² <= Q * (2 * w * s2)).
  { apply Rle_trans with (Q * Ex n p (fun k => (u - sqrt (b k))²)); [|apply Rmult_le_compat_l; auto].
    unfold Z.
    apply Rle_trans with (1 := cauchy_weighted n p (fun k => g k / sqrt (b k)) (fun k => u - sqrt (b k)) p_pos).
    right. unfold Q, Ex. f_equal. apply sum_ext; intros k _. pose proof (draw_pos k).
    pose proof (sqrt_sqrt (b k) ltac:(lra)) as E. assert (0 < sqrt (b k)) by (apply sqrt_lt_R0; auto).
    f_equal. rewrite <- E at 2. unfold Rsqr. field. lra. }
  assert (E : Ex n p (fun k => g k / sqrt (b k)) = (m + Z) / u).
  { unfold Z, m. rewrite <- Ex_plus. unfold Rdiv at 2. rewrite Rmult_comm, <- Ex_scal. apply Ex_ext; intros k _.
    assert (0 < sqrt (b k)) by (apply sqrt_lt_R0, draw_pos). field. lra. }
  rewrite E.
  (* w s2/u <= sqrt w s *)
  set (h := sqrt s2). assert (Eh : h * h = s2) by (apply sqrt_sqrt; auto). pose proof (sqrt_pos s2) as Ph. fold h in Ph.
  pose proof (sqrt_sqrt w ltac:(lra)) as Ew. assert (Pw : 0 < sqrt w) by (apply sqrt_lt_R0; auto).
  set (y := sqrt w) in *.
  assert (Hu : y * h <= u).
  { apply Rsqr_incr_0_var; [|lra]. unfold Rsqr. rewrite u_sq, second_is. fold s2. pose proof (Rle_0_sqr m). nra. }
  assert (Hh : h <= s).
  { apply Rsqr_incr_0_var; [|auto]. unfold Rsqr at 1. rewrite Eh. exact variance. }
  assert (K : w * s2 * Q <= y * s * Q * u).
  { replace (w * s2 * Q) with ((y * h) * (y * h) * Q) by (rewrite <- Ew, <- Eh; ring).
    replace (y * s * Q * u) with ((y * s) * u * Q) by ring. apply Rmult_le_compat_r; auto.
    apply Rmult_le_compat; auto; nra. }
  apply Rmult_le_reg_r with (2 * u); [lra|].
  replace (m² / (2 * u) * (2 * u)) with (m²) by (field; lra).
  replace ((m * ((m + Z) / u) + y * s * Q) * (2 * u)) with (2 * m² + 2 * (m * Z) + 2 * (y * s * Q * u))
    by (unfold Rsqr; field; lra).
  pose proof (Rle_0_sqr (m + Z)) as S. unfold Rsqr in *. lra.
Qed.
End Decoupling.

Section RMSProp.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (sigma : R).
Hypothesis A : variance_bounded n p d F gF L Fstar g sigma.
Variable N : vec.
Hypothesis curved : smooth_by_coordinate d F gF N.
Variables (eps alpha beta2 : R) (x0 : vec).
Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 < beta2 < 1.

Let w := 1 - beta2.
Let X := adam_point g eps alpha beta2 x0.
Let V i h := snd (adam g eps alpha beta2 x0 h) i.
Let b i h := eps + V i h.
Let a i h := eps + beta2 * V i h.
Let ratio i k h := (g k (X h) i)² / b i (k :: h).
Let u i h := sqrt (a i h + w * Ex n p (fun k => (g k (X h) i)²)).
Let rho i h := (gF (X h) i)² / u i h.
Let D0 := F x0 - Fstar.

Local Lemma Pp : forall k, (k < n)%nat -> 0 <= p k.
Proof. apply (chances A). Qed.
Local Lemma P1 : sum n p = 1.
Proof. apply (chances_one A). Qed.
Local Lemma HL : 0 <= L.
Proof. apply (L_nonneg _ _ _ _ (F_smooth' A)). Qed.
Local Lemma w_pos : 0 < w.
Proof. unfold w. lra. Qed.
Local Lemma D0_pos : 0 <= D0.
Proof. pose proof (above_Fstar A x0). unfold D0. lra. Qed.

Local Lemma x_step k h : X (k :: h) = fun i => X h i + - alpha * g k (X h) i / sqrt (b i (k :: h)).
Proof.
  apply functional_extensionality; intros i.
  change (X (k :: h) i) with (X h i - alpha * g k (X h) i / sqrt (b i (k :: h))). unfold Rdiv. ring.
Qed.
Local Lemma V_step k h i : V i (k :: h) = beta2 * V i h + w * (g k (X h) i)².
Proof. reflexivity. Qed.
Local Lemma b_step k h i : b i (k :: h) = a i h + w * (g k (X h) i)².
Proof. unfold b, a. rewrite V_step. ring. Qed.
Local Lemma V_nonneg i h : 0 <= V i h.
Proof.
  induction h as [|k h IH]; [unfold V; simpl; lra|]. rewrite V_step. pose proof (Rle_0_sqr (g k (X h) i)).
  pose proof w_pos. nra.
Qed.
Local Lemma a_pos i h : 0 < a i h.
Proof. pose proof (V_nonneg i h). unfold a. nra. Qed.
Local Lemma b_pos i h : 0 < b i h.
Proof. pose proof (V_nonneg i h). unfold b. lra. Qed.

Local Lemma coordinate i y : (i < d)%nat -> Ex n p (fun k => (g k y i - gF y i)²) <= sigma².
Proof.
  intros Hi. apply Rle_trans with (2 := variance A y). apply Ex_le; [apply Pp|]. intros k _.
  apply (coordinate_of d (fun i => g k y i - gF y i)); auto.
Qed.
Local Lemma second i y : (i < d)%nat -> 0 <= Ex n p (fun k => (g k y i)²) <= (gF y i)² + sigma².
Proof.
  intros Hi. split; [apply Ex_nonneg; [apply Pp | apply P1 | intros; apply Rle_0_sqr]|].
  apply Rle_trans with ((gF y i)² + Ex n p (fun k => (g k y i - gF y i)²));
    [right | pose proof (coordinate i y Hi); lra].
  transitivity (Ex n p (fun k => (g k y i - gF y i)² + (2 * gF y i) * g k y i - (gF y i)²)).
  - apply Ex_ext; intros; unfold Rsqr; ring.
  - rewrite Ex_minus, Ex_plus, Ex_scal, Ex_const, (unbiased A) by (auto; apply P1). unfold Rsqr; ring.
Qed.
Local Lemma u_pos i h : 0 < u i h.
Proof.
  apply sqrt_lt_R0. pose proof (a_pos i h). pose proof w_pos.
  assert (0 <= Ex n p (fun k => (g k (X h) i)²)) by (apply Ex_nonneg; [apply Pp | apply P1 | intros; apply Rle_0_sqr]).
  nra.
Qed.
Local Lemma rho_nonneg i h : 0 <= rho i h.
Proof. apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat, u_pos]. Qed.
Local Lemma ratio_nonneg i k h : 0 <= ratio i k h.
Proof. apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat, b_pos]. Qed.

Local Lemma decoupled i h : (i < d)%nat ->
  rho i h / 2 <= gF (X h) i * Ex n p (fun k => g k (X h) i / sqrt (b i (k :: h)))
                 + sqrt w * sigma * Ex n p (fun k => ratio i k h).
Proof.
  intros Hi. pose proof (unbiased A (X h) i Hi) as E.
  pose proof (decoupling_by_variance n p (fun k => g k (X h) i) (a i h) w sigma Pp P1 (a_pos i h) w_pos sigma_nonneg)
    as H. cbv beta in H. rewrite E in H. specialize (H (coordinate i (X h) Hi)). fold (u i h) in H.
  assert (U := u_pos i h). unfold rho.
  replace ((gF (X h) i)² / u i h / 2) with ((gF (X h) i)² / (2 * u i h)) by (field; lra).
  apply Rle_trans with (1 := H). right. f_equal; [f_equal | f_equal]; apply Ex_ext; intros k _.
  - rewrite b_step. reflexivity.
  - unfold ratio. rewrite b_step. reflexivity.
Qed.

(* 2. Sums of ratios. *)
Local Lemma path_ratios i k h :
  w * path_sum (ratio i) (k :: h) <= ln (b i (k :: h)) - ln eps - INR (length h) * ln beta2.
Proof.
  pose proof w_pos as Pw. revert k. induction h as [|j h IH]; intros k; cbn [path_sum].
  - simpl length. simpl INR. rewrite Rmult_0_l, Rminus_0_r, Rplus_0_l.
    assert (E : b i [k] = eps + w * (g k (X []) i)²) by (rewrite b_step; unfold a, V; simpl; ring).
    unfold ratio. rewrite E. pose proof (Rle_0_sqr (g k (X []) i)) as S.
    pose proof (ratio_step eps (w * (g k (X []) i)²) eps_pos ltac:(nra)) as R. unfold Rdiv in *. lra.
  - change (length (j :: h)) with (S (length h)). rewrite S_INR. specialize (IH j). cbn [path_sum] in IH.
    set (h' := j :: h) in *. pose proof (Rle_0_sqr (g k (X h') i)) as S. pose proof (a_pos i h') as Pa.
    pose proof (ratio_step (a i h') (w * (g k (X h') i)²) Pa ltac:(nra)) as R. rewrite <- b_step in R.
    replace (w * (g k (X h') i)² / b i (k :: h')) with (w * ratio i k h') in R by (unfold ratio, Rdiv; ring).
    assert (K : ln beta2 + ln (b i h') <= ln (a i h')).
    { pose proof (b_pos i h'). rewrite <- ln_mult by lra. apply ln_le_mono; [nra|]. unfold a, b.
      pose proof (V_nonneg i h'). nra. }
    lra.
Qed.

Let M T := farthest_gradient (INR T) (INR d) D0 L alpha beta2.

Local Lemma far i h T : (i < d)%nat -> (length h <= T)%nat -> (gF (X h) i)² <= (M T)².
Proof.
  intros Hi Hl. pose proof HL as PL. pose proof w_pos as Pw. assert (PT : 0 <= INR (length h)) by apply pos_INR.
  assert (Pq : 0 < sqrt w) by (apply sqrt_lt_R0; auto). pose proof (sqrt_sqrt w ltac:(lra)) as Ew.
  (* a coordinate moves by at most alpha/sqrt(w) a step *)
  assert (Step : forall j, Rabs (X h j - x0 j) <= INR (length h) * (alpha / sqrt w)).
  { intros j. clear Hl PT. induction h as [|k h IH].
    - change (X [] j) with (x0 j). rewrite Rminus_diag_eq, Rabs_R0 by auto. simpl. lra.
    - change (length (k :: h)) with (S (length h)). rewrite S_INR, x_step.
      replace (X h j + - alpha * g k (X h) j / sqrt (b j (k :: h)) - x0 j)
        with ((X h j - x0 j) + (- alpha * g k (X h) j / sqrt (b j (k :: h)))) by ring.
      apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rmult_plus_distr_r, Rmult_1_l. apply Rplus_le_compat; auto.
      pose proof (b_pos j (k :: h)) as Pb. assert (Pr : 0 < sqrt (b j (k :: h))) by (apply sqrt_lt_R0; auto).
      pose proof (sqrt_sqrt (b j (k :: h)) ltac:(lra)) as Er.
      unfold Rdiv. rewrite !Rabs_mult, Rabs_Ropp, (Rabs_right alpha), (Rabs_right (/ _)), Rmult_assoc
        by (try apply Rle_ge; try left; auto; apply Rinv_0_lt_compat; auto).
      apply Rmult_le_compat_l; [lra|]. apply Rmult_le_reg_r with (sqrt w * sqrt (b j (k :: h))); [nra|].
      replace (Rabs (g k (X h) j) * / sqrt (b j (k :: h)) * (sqrt w * sqrt (b j (k :: h))))
        with (sqrt w * Rabs (g k (X h) j)) by (field; lra).
      replace (/ sqrt w * (sqrt w * sqrt (b j (k :: h)))) with (sqrt (b j (k :: h))) by (field; lra).
      apply Rsqr_incr_0_var; [|lra]. rewrite Rsqr_mult, <- Rsqr_abs. unfold Rsqr at 1 3. rewrite Ew, Er, b_step.
      pose proof (a_pos j h). lra. }
  set (s := INR (length h) * (alpha / sqrt w)) in *.
  assert (Ps : 0 <= s) by (unfold s; apply Rmult_le_pos; [auto | left; apply Rdiv_lt_0_compat; auto]).
  assert (Q : sqn d (fun j => X h j - x0 j) <= INR d * s²).
  { unfold sqn. apply sum_le_const. intros j _. rewrite Rsqr_abs. apply Rsqr_incr_1; auto. apply Rabs_pos. }
  pose proof (lip _ _ _ _ (F_smooth' A) x0 (X h)) as Lip.
  pose proof (coordinate_of d (fun j => gF (X h) j - gF x0 j) i Hi) as O1. cbv beta in O1.
  pose proof (coordinate_of d (gF x0) i Hi) as O2.
  pose proof (gradient_gap d F gF L Fstar x0 (F_smooth' A) (above_Fstar A)) as G0.
  fold D0 in G0.
  (* both parts by absolute values *)
  assert (B1 : Rabs (gF x0 i) <= sqrt (2 * L * D0)).
  { rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt. lra. }
  assert (B2 : Rabs (gF (X h) i - gF x0 i) <= alpha * L * INR T * sqrt (INR d / w)).
  { pose proof (pos_INR d) as Pd. apply Rle_trans with (sqrt (L² * (INR d * s²))).
    - rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt. apply Rle_trans with (1 := O1). apply Rle_trans with (1 := Lip).
      apply Rmult_le_compat_l; [apply Rle_0_sqr | auto].
    - replace (L² * (INR d * s²)) with ((alpha * L * INR (length h))² * (INR d / w)).
      2:{ unfold s. rewrite <- Ew at 1. unfold Rsqr. field. lra. }
      assert (Pdw : 0 <= INR d / w) by (apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; auto]).
      rewrite sqrt_mult by (auto; apply Rle_0_sqr).
      rewrite sqrt_Rsqr by (apply Rmult_le_pos; [nra | auto]).
      apply Rmult_le_compat_r; [apply sqrt_pos|]. apply Rmult_le_compat_l; [nra|]. apply le_INR; auto. }
  rewrite Rsqr_abs. apply Rsqr_incr_1; [|apply Rabs_pos|].
  - replace (gF (X h) i) with (gF x0 i + (gF (X h) i - gF x0 i)) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). unfold M, farthest_gradient. fold w. lra.
  - apply Rle_trans with (2 := Rplus_le_compat _ _ _ _ B1 B2).
    pose proof (Rabs_pos (gF x0 i)). pose proof (Rabs_pos (gF (X h) i - gF x0 i)). lra.
Qed.

Local Lemma mean_V i T t : (i < d)%nat -> (t <= T)%nat -> Exp n p t (V i) [] <= sigma² + (M T)².
Proof.
  intros Hi. pose proof (Rle_0_sqr sigma). pose proof (Rle_0_sqr (M T)). pose proof w_pos as Pw.
  induction t as [|t IH]; intros Ht; [unfold V; simpl; lra|]. rewrite Exp_last.
  apply Rle_trans with (Exp n p t (fun h => beta2 * V i h + w * (sigma² + (M T)²)) []).
  - apply Exp_le; [apply Pp | constructor|]. intros h Hv Hl. simpl in Hl.
    apply Rle_trans with (beta2 * V i h + w * Ex n p (fun k => (g k (X h) i)²)).
    + right. transitivity (Ex n p (fun k => beta2 * V i h + w * (g k (X h) i)²));
        [apply Ex_ext; intros; apply V_step|]. rewrite Ex_plus, Ex_const, Ex_scal by apply P1. reflexivity.
    + apply Rplus_le_compat_l, Rmult_le_compat_l; [lra|]. pose proof (second i (X h) Hi).
      pose proof (far i h T Hi ltac:(lia)). lra.
  - rewrite Exp_plus, Exp_scal, Exp_const by apply P1. pose proof (IH ltac:(lia)). unfold w. nra.
Qed.

Let most T := ratios_bound (INR T) (INR d) D0 L sigma eps alpha beta2.

Local Lemma mean_ratios i T : (i < d)%nat -> (0 < T)%nat -> Exp n p T (path_sum (ratio i)) [] <= most T.
Proof.
  intros Hi HT. pose proof w_pos as Pw. set (S := sigma² + (M T)²).
  assert (PS : 0 <= S) by (pose proof (Rle_0_sqr sigma); pose proof (Rle_0_sqr (M T)); unfold S; lra).
  pose proof (mean_V i T T Hi (le_n T)) as HV. fold S in HV.
  apply Rmult_le_reg_l with w; [auto|]. rewrite <- Exp_scal.
  replace (w * most T) with (ln (1 + S / eps) - (INR T - 1) * ln beta2)
    by (unfold most, ratios_bound; fold (M T); fold S; fold w; field; lra).
  replace (1 + S / eps) with ((eps + S) / eps) by (field; lra). rewrite ln_quot by lra.
  set (m := eps + S) in *.
  apply Rle_trans with (Exp n p T (fun h => / m * V i h + (ln m - S / m - ln eps - (INR T - 1) * ln beta2)) []).
  - apply Exp_le; [apply Pp | constructor|]. intros h Hv Hl. destruct h as [|k h]; [simpl in Hl; lia|].
    apply Rle_trans with (1 := path_ratios i k h). pose proof (b_pos i (k :: h)) as Pb.
    pose proof (ln_tangent (b i (k :: h)) m Pb ltac:(unfold m; lra)) as Tn.
    replace ((b i (k :: h) - m) / m) with (/ m * V i (k :: h) - S / m) in Tn by (unfold b, m; field; unfold m; lra).
    assert (E : INR (length h) = INR T - 1).
    { replace T with (Datatypes.S (length h)) by (simpl in Hl; lia). rewrite S_INR. ring. }
    rewrite E. lra.
  - rewrite Exp_plus, Exp_scal, Exp_const by apply P1.
    assert (Im : 0 < / m) by (apply Rinv_0_lt_compat; unfold m; lra).
    pose proof (Rmult_le_compat_l (/ m) _ _ ltac:(lra) HV). unfold Rdiv. lra.
Qed.

(* 3. Descent. *)
Let C i := alpha * (sqrt w * sigma) + alpha² / 2 * N i.
Let Phi h := F (X h) - sum d (fun i => C i * path_sum (ratio i) h).

Local Lemma C_sum y : sum d (fun i => C i * y i) = alpha * (sqrt w * sigma) * sum d y + alpha² / 2 * sum d (fun i => N i * y i).
Proof. rewrite <- !sum_scal, <- sum_plus. apply sum_ext; intros. unfold C. ring. Qed.

Local Lemma C_nonneg i : (i < d)%nat -> 0 <= C i.
Proof.
  intros Hi. pose proof (N_nonneg _ _ _ _ curved i Hi). pose proof (Rle_0_sqr alpha). pose proof (sqrt_pos w).
  assert (0 <= sqrt w * sigma) by (apply Rmult_le_pos; auto). unfold C. nra.
Qed.

Local Lemma mean_step h : Ex n p (fun k => Phi (k :: h)) <= Phi h - alpha / 2 * sum d (fun i => rho i h).
Proof.
  assert (S : forall k, (k < n)%nat -> Phi (k :: h) <= Phi h
    - alpha * sum d (fun i => gF (X h) i * (g k (X h) i / sqrt (b i (k :: h))) + sqrt w * sigma * ratio i k h)).
  { intros k _. set (z := fun i => - alpha * g k (X h) i / sqrt (b i (k :: h))).
    pose proof (descent_by_coordinate d F gF N (X h) z curved) as HF.
    replace (fun i => X h i + z i) with (X (k :: h)) in HF by (rewrite x_step; reflexivity).
    replace (dot d (gF (X h)) z)
      with (- alpha * sum d (fun i => gF (X h) i * (g k (X h) i / sqrt (b i (k :: h))))) in HF
      by (unfold dot, z; rewrite <- sum_scal; apply sum_ext; intros; unfold Rdiv; ring).
    replace (sum d (fun i => N i * (z i)²)) with (alpha² * sum d (fun i => N i * ratio i k h)) in HF.
    2:{ unfold z. rewrite <- sum_scal. apply sum_ext; intros i Hi. pose proof (b_pos i (k :: h)).
        unfold ratio. rewrite <- (sqrt_sqrt (b i (k :: h))) at 1 by lra.
        assert (0 < sqrt (b i (k :: h))) by (apply sqrt_lt_R0; lra). unfold Rsqr. field. lra. }
    unfold Phi. rewrite !C_sum. cbn [path_sum].
    replace (sum d (fun i => N i * (path_sum (ratio i) h + ratio i k h)))
      with (sum d (fun i => N i * path_sum (ratio i) h) + sum d (fun i => N i * ratio i k h))
      by (rewrite <- sum_plus; apply sum_ext; intros; ring).
    rewrite !sum_plus, sum_scal. lra. }
  apply Rle_trans with (1 := Ex_le n p Pp _ _ S). rewrite Ex_minus, Ex_const, Ex_scal, Ex_sum by apply P1.
  apply Rplus_le_compat_l, Ropp_le_contravar. unfold Rdiv at 1. rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|].
  rewrite <- sum_scal. apply sum_le; intros i Hi. rewrite Ex_plus, !Ex_scal. pose proof (decoupled i h Hi). lra.
Qed.

Let P T := sum T (fun t => Exp n p t (fun h => sum d (fun i => rho i h)) []).

Local Lemma P_nonneg T : 0 <= P T.
Proof.
  apply sum_nonneg; intros t _. apply Exp_nonneg; [apply Pp | apply P1 | constructor |]. intros.
  apply sum_nonneg; intros. apply rho_nonneg.
Qed.

Local Lemma telescope T : Exp n p T Phi [] <= F x0 - alpha / 2 * P T.
Proof.
  unfold P. induction T as [|T IH].
  - unfold Phi. simpl. rewrite sum_0 by (intros; simpl; ring). change (X []) with x0. lra.
  - rewrite Exp_last, sum_S.
    apply Rle_trans with (Exp n p T (fun h => Phi h - alpha / 2 * sum d (fun i => rho i h)) []).
    + apply Exp_le; [apply Pp | constructor |]. intros h _ _. apply mean_step.
    + rewrite Exp_lin. lra.
Qed.

Let mean_P T := conditional_bound (INR T) (INR d) D0 L (sum d N) sigma eps alpha beta2.

Local Lemma P_bound T : (0 < T)%nat -> P T <= INR T * mean_P T.
Proof.
  intros HT. assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  assert (B : Fstar - sum d (fun i => C i * most T) <= Exp n p T Phi []).
  { assert (Low : Fstar <= Exp n p T (fun h => F (X h)) []).
    { rewrite <- (Exp_const n p P1 T Fstar []). apply Exp_le; [apply Pp | constructor |].
      intros. apply (above_Fstar A). }
    assert (S : Exp n p T (fun h => sum d (fun i => C i * path_sum (ratio i) h)) [] <= sum d (fun i => C i * most T)).
    { rewrite Exp_sum. apply sum_le; intros i Hi. rewrite Exp_scal.
      apply Rmult_le_compat_l; [apply C_nonneg | apply mean_ratios]; auto. }
    replace (Exp n p T Phi []) with (Exp n p T (fun h => F (X h) - 1 * sum d (fun i => C i * path_sum (ratio i) h)) [])
      by (apply Exp_ext; [apply Pp | constructor |]; intros; unfold Phi; ring).
    rewrite Exp_lin. lra. }
  pose proof (telescope T) as H1. apply Rmult_le_reg_l with (alpha / 2); [lra|].
  replace (alpha / 2 * (INR T * mean_P T)) with (D0 + sum d (fun i => C i * most T)).
  - unfold D0 at 1. lra.
  - rewrite C_sum, sum_const.
    replace (sum d (fun i => N i * most T)) with (most T * sum d N) by (rewrite <- sum_scal; apply sum_ext; intros; ring).
    unfold mean_P, conditional_bound. fold (most T). fold w. unfold Rsqr. field. lra.
Qed.

(* 4. Denominators. *)
Let q := sqrt beta2.
Let R0 := sqrt (eps + sigma²).
Let Psi i j h := sqrt (eps + beta2 ^ j * V i h + (1 - beta2 ^ j) * sigma²).

Local Lemma power_01 j : 0 < beta2 ^ j <= 1.
Proof. induction j as [|j IH]; simpl; [lra|]. nra. Qed.
Local Lemma q_01 : 0 < q < 1.
Proof.
  unfold q. split; [apply sqrt_lt_R0; lra|]. rewrite <- sqrt_1. apply sqrt_lt_1_alt. lra.
Qed.
Local Lemma q_sq : q * q = beta2.
Proof. apply sqrt_sqrt. lra. Qed.
Local Lemma q_power j : q ^ j * q ^ j = beta2 ^ j.
Proof. rewrite <- q_sq, Rpow_mult_distr. reflexivity. Qed.

(* The mean of a root is at most the root of the mean: the tangent at m. *)
Local Lemma sqrt_mean f : (forall k, 0 <= f k) -> 0 < Ex n p f -> Ex n p (fun k => sqrt (f k)) <= sqrt (Ex n p f).
Proof.
  intros Hf Pm. set (m := Ex n p f) in *. assert (Pr : 0 < sqrt m) by (apply sqrt_lt_R0; auto).
  pose proof (sqrt_sqrt m ltac:(lra)) as Em.
  apply Rle_trans with (Ex n p (fun k => / (2 * sqrt m) * f k + sqrt m / 2)).
  - apply Ex_le; [apply Pp|]. intros k _. pose proof (sqrt_sqrt (f k) (Hf k)) as E.
    apply Rmult_le_reg_l with (2 * sqrt m); [lra|].
    replace (2 * sqrt m * (/ (2 * sqrt m) * f k + sqrt m / 2)) with (f k + sqrt m * sqrt m) by (field; lra).
    pose proof (Rle_0_sqr (sqrt (f k) - sqrt m)) as S. unfold Rsqr in S. lra.
  - rewrite Ex_plus, Ex_scal, Ex_const by apply P1. fold m. right. rewrite <- Em at 2. field. lra.
Qed.

Local Lemma split i h c j : (i < d)%nat -> 0 <= c ->
  sqrt (eps + beta2 ^ j * (beta2 * V i h + w * Ex n p (fun k => (g k (X h) i)²)) + c)
  <= sqrt (eps + beta2 ^ S j * V i h + beta2 ^ j * w * sigma² + c) + q ^ j * w * rho i h.
Proof.
  intros Hi Hc. pose proof (second i (X h) Hi) as S2. pose proof w_pos as Pw. pose proof (power_01 j) as Pj.
  pose proof (V_nonneg i h) as PV. pose proof (u_pos i h) as Pu. pose proof q_01 as Pq.
  assert (Pqj : 0 < q ^ j) by (apply pow_lt; lra). set (B := beta2 ^ j) in *. set (m2 := (gF (X h) i)²) in *.
  assert (Pm : 0 <= m2) by apply Rle_0_sqr. pose proof (Rle_0_sqr sigma) as Psg. simpl pow. fold B.
  assert (PB : 0 < B <= 1) by exact Pj.
  assert (W1 : 0 <= B * w) by (apply Rmult_le_pos; lra).
  assert (W2 : 0 <= beta2 * B * V i h) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | auto]).
  assert (W3 : 0 <= B * w * sigma²) by (apply Rmult_le_pos; auto).
  set (x := eps + beta2 * B * V i h + B * w * sigma² + c).
  assert (Px : 0 <= x) by (unfold x; lra).
  apply Rle_trans with (sqrt (x + B * w * m2)).
  - apply sqrt_le_1_alt. unfold x. destruct S2 as [_ S2]. pose proof (Rmult_le_compat_l _ _ _ W1 S2). lra.
  - assert (Eu : u i h * u i h = a i h + w * Ex n p (fun k => (g k (X h) i)²)).
    { apply sqrt_sqrt. pose proof (a_pos i h). nra. }
    assert (H1 : 0 <= B * w * m2) by (apply Rmult_le_pos; auto).
    assert (H2 : 0 < q ^ j * u i h) by (apply Rmult_lt_0_compat; auto).
    assert (H3 : q ^ j * u i h * (q ^ j * u i h) <= x + B * w * m2).
    { replace (q ^ j * u i h * (q ^ j * u i h)) with ((q ^ j * q ^ j) * (u i h * u i h)) by ring.
      rewrite q_power, Eu. fold B. unfold a, x. destruct S2 as [_ S2]. pose proof (Rmult_le_compat_l _ _ _ W1 S2).
      assert (B * eps <= eps) by nra. lra. }
    apply Rle_trans with (1 := sqrt_split x (B * w * m2) (q ^ j * u i h) Px H1 H2 H3).
    apply Rplus_le_compat_l. right. unfold rho. fold m2. unfold B. rewrite <- q_power. field. lra.
Qed.

Let r i t := Exp n p t (rho i) [].

Local Lemma mean_Psi i T : (i < d)%nat -> forall j, Exp n p T (Psi i j) [] <= R0 + w * q ^ j * discounted q (r i) T.
Proof.
  intros Hi. pose proof w_pos as Pw. induction T as [|T IH]; intros j.
  - simpl. unfold Psi, R0, V. simpl. rewrite Rmult_0_r, Rmult_0_r, Rplus_0_r, Rplus_0_r. apply sqrt_le_1_alt.
    pose proof (power_01 j). pose proof (Rle_0_sqr sigma). nra.
  - rewrite Exp_last. apply Rle_trans with (Exp n p T (fun h => Psi i (S j) h + q ^ j * w * rho i h) []).
    + apply Exp_le; [apply Pp | constructor |]. intros h _ _. pose proof (power_01 j) as Pj.
      pose proof (Rle_0_sqr sigma) as Psg. set (c := (1 - beta2 ^ j) * sigma²). assert (Pc : 0 <= c) by (unfold c; nra).
      assert (E : Ex n p (fun k => eps + beta2 ^ j * V i (k :: h) + c)
        = eps + beta2 ^ j * (beta2 * V i h + w * Ex n p (fun k => (g k (X h) i)²)) + c).
      { transitivity (Ex n p (fun k => (eps + c + beta2 ^ j * (beta2 * V i h)) + beta2 ^ j * w * (g k (X h) i)²)).
        - apply Ex_ext; intros. rewrite V_step. ring.
        - rewrite Ex_plus, Ex_const, Ex_scal by apply P1. ring. }
      unfold Psi. fold c. apply Rle_trans with (1 := sqrt_mean (fun k => eps + beta2 ^ j * V i (k :: h) + c)
        ltac:(intros k; pose proof (V_nonneg i (k :: h)); nra)
        ltac:(rewrite E; pose proof (V_nonneg i h); pose proof (second i (X h) Hi);
              assert (0 <= beta2 * V i h + w * Ex n p (fun k => (g k (X h) i)²)) by nra; nra)).
      rewrite E. apply Rle_trans with (1 := split i h c j Hi Pc). apply Rplus_le_compat_r. right. f_equal.
      unfold c, w. simpl pow. ring.
    + rewrite Exp_plus, Exp_scal. fold (r i T). cbn [discounted]. pose proof (IH (S j)) as H. simpl pow in H. lra.
Qed.

Local Lemma mean_u i t : (i < d)%nat -> Exp n p t (u i) [] <= R0 + w * discounted q (r i) (S t).
Proof.
  intros Hi. apply Rle_trans with (Exp n p t (fun h => Psi i 1 h + w * rho i h) []).
  - apply Exp_le; [apply Pp | constructor |]. intros h _ _. pose proof (split i h 0 0 Hi (Rle_refl 0)) as H.
    simpl pow in H. unfold u, Psi, a. simpl pow.
    replace (eps + beta2 * V i h + w * Ex n p (fun k => (g k (X h) i)²))
      with (eps + 1 * (beta2 * V i h + w * Ex n p (fun k => (g k (X h) i)²)) + 0) by ring.
    apply Rle_trans with (1 := H). apply Req_le. f_equal; [|ring]. f_equal. unfold w. ring.
  - rewrite Exp_plus, Exp_scal. fold (r i t). cbn [discounted].
    pose proof (mean_Psi i t Hi 1) as H. simpl pow in H. lra.
Qed.

Local Lemma sum_discounted (y : nat -> R) T :
  (1 - q) * sum T (fun t => discounted q y (S t)) + q * discounted q y T = sum T y.
Proof.
  induction T as [|T IH]; [simpl; ring|]. rewrite !sum_S, <- IH. cbn [discounted]. ring.
Qed.

Local Lemma denominators T :
  sum T (fun t => Exp n p t (fun h => sum d (fun i => u i h)) []) <= INR T * (INR d * R0) + (1 + q) * P T.
Proof.
  pose proof q_01 as Pq. pose proof w_pos as Pw.
  assert (Ew : w = (1 - q) * (1 + q)) by (unfold w; rewrite <- q_sq; ring).
  assert (One : forall i, (i < d)%nat -> sum T (fun t => Exp n p t (u i) []) <= INR T * R0 + (1 + q) * sum T (r i)).
  { intros i Hi. apply Rle_trans with (sum T (fun t => R0 + w * discounted q (r i) (S t)));
      [apply sum_le; intros; apply mean_u; auto|].
    assert (Pr : forall t, 0 <= r i t)
      by (intros; apply Exp_nonneg; [apply Pp | apply P1 | constructor | intros; apply rho_nonneg]).
    rewrite sum_plus, sum_const, sum_scal. apply Rplus_le_compat_l. pose proof (sum_discounted (r i) T) as E.
    pose proof (discounted_nonneg q (r i) T ltac:(lra) Pr). rewrite Ew.
    assert (0 <= q * discounted q (r i) T) by (apply Rmult_le_pos; lra). nra. }
  apply Rle_trans with (sum d (fun i => INR T * R0 + (1 + q) * sum T (r i))).
  - replace (sum T (fun t => Exp n p t (fun h => sum d (fun i => u i h)) []))
      with (sum d (fun i => sum T (fun t => Exp n p t (u i) []))); [apply sum_le; auto|].
    rewrite sum_swap. apply sum_ext; intros. symmetry. apply Exp_sum.
  - right. rewrite sum_plus, sum_const, sum_scal. unfold P.
    replace (sum T (fun t => Exp n p t (fun h => sum d (fun i => rho i h)) [])) with (sum d (fun i => sum T (r i))).
    + ring.
    + rewrite sum_swap. apply sum_ext; intros. symmetry. apply Exp_sum.
Qed.

(* 5. |m| <= (z m^2/u + u/z)/2 for every z. *)
Local Lemma weighted T z : 0 < z -> 2 * sum T (absolute_gradient n p d gF X)
  <= z * P T + / z * sum T (fun t => Exp n p t (fun h => sum d (fun i => u i h)) []).
Proof.
  intros Hz. unfold P. rewrite <- !sum_scal, <- sum_plus. apply sum_le; intros t _. unfold absolute_gradient.
  rewrite <- !Exp_scal, <- Exp_plus. apply Exp_le; [apply Pp | constructor |]. intros h _ _.
  rewrite <- !sum_scal, <- sum_plus. apply sum_le; intros i _. pose proof (u_pos i h) as Pu. unfold rho.
  rewrite (Rsqr_abs (gF (X h) i)). set (m := Rabs (gF (X h) i)).
  apply Rmult_le_reg_r with (z * u i h); [nra|].
  replace ((z * (m² / u i h) + / z * u i h) * (z * u i h)) with ((z * m)² + (u i h)²) by (unfold Rsqr; field; lra).
  pose proof (Rle_0_sqr (z * m - u i h)) as S. unfold Rsqr in *. lra.
Qed.

Theorem rmsprop_rate_by_coordinate T : (0 < T)%nat -> mean_absolute_gradient n p d gF X T
  <= rmsprop_right_by_coordinate (INR T) (INR d) (F x0 - Fstar) L (sum d N) sigma eps alpha beta2.
Proof.
  intros HT. assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  assert (PI : 0 < / INR T) by (apply Rinv_0_lt_compat; auto).
  pose proof q_01 as Pq. pose proof (P_bound T HT) as HP. pose proof (P_nonneg T) as PP.
  pose proof (denominators T) as HD.
  assert (Pm : 0 <= mean_P T) by (apply Rmult_le_reg_l with (INR T); lra).
  assert (PR : 0 <= R0) by apply sqrt_pos. pose proof (pos_INR d) as Pd.
  assert (PdR : 0 <= INR d * R0) by (apply Rmult_le_pos; auto).
  unfold rmsprop_right_by_coordinate. fold D0. fold (mean_P T). fold R0. fold q. unfold mean_absolute_gradient.
  apply best_weight; [auto | nra |]. intros z Hz. assert (Iz : 0 < / z) by (apply Rinv_0_lt_compat; auto).
  apply Rmult_le_reg_l with (INR T); [auto|].
  replace (INR T * (2 * (/ INR T * sum T (absolute_gradient n p d gF X))))
    with (2 * sum T (absolute_gradient n p d gF X))
    by (field; lra).
  apply Rle_trans with (1 := weighted T z Hz).
  replace (INR T * (z * mean_P T + (INR d * R0 + (1 + q) * mean_P T) / z))
    with (z * (INR T * mean_P T) + / z * (INR T * (INR d * R0) + (1 + q) * (INR T * mean_P T))) by (field; lra).
  apply Rplus_le_compat; [apply Rmult_le_compat_l; lra|]. apply Rmult_le_compat_l; [lra|].
  apply Rle_trans with (1 := HD). apply Rplus_le_compat_l, Rmult_le_compat_l; lra.
Qed.
End RMSProp.

Theorem rmsprop_rate n p d F gF L Fstar g sigma eps alpha beta2 x0 T :
  variance_bounded n p d F gF L Fstar g sigma -> 0 <= sigma -> 0 < eps -> 0 < alpha -> 0 < beta2 < 1 -> (0 < T)%nat ->
  mean_absolute_gradient n p d gF (adam_point g eps alpha beta2 x0) T
  <= rmsprop_right (INR T) (INR d) (F x0 - Fstar) L sigma eps alpha beta2.
Proof.
  intros A. intros. unfold rmsprop_right. rewrite <- sum_const.
  eapply rmsprop_rate_by_coordinate; eauto using smooth_in_every_coordinate, (F_smooth' A).
Qed.
