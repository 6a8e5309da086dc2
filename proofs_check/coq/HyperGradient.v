(* TH: gradient descent whose step size is learned by normalized hyper-gradients,
       x_{t+1} = x_t - a_t grad F(x_t),   a_{t+1} = clip(a_t - eta s_t) to [0, A],
       s_t = - <grad F(x_t - a_t grad F(x_t)), grad F(x_t)>/|grad F(x_t)|^2,
   which is online gradient descent on h_t(a) = (F(x_t - a grad F(x_t)) - F(x_t))/|grad F(x_t)|^2, convex if F is.
   For every fixed step c in [0, A], with |x_t - xs| <= Delta,
       F(x_T) - Fstar <= D0 Delta^2/(Delta^2 + D0 max(0, sum_t - h_t(c) - (a_0 - c)^2/(2 eta) - (eta/2) sum_t s_t^2)). *)
From Coq Require Import Reals Lra Lia Psatz FunctionalExtensionality.
From Mada Require Import Sums Smoothness Convexity.
Local Open Scope R_scope.

Definition clip (lo hi y : R) : R := Rmax lo (Rmin hi y).

Lemma clip_in lo hi y : lo <= hi -> lo <= clip lo hi y <= hi.
Proof. intros. unfold clip, Rmax, Rmin. repeat destruct (Rle_dec _ _); lra. Qed.

Lemma clip_nearer lo hi y c : lo <= c <= hi -> (clip lo hi y - c)² <= (y - c)².
Proof. intros. unfold clip, Rmax, Rmin, Rsqr. repeat destruct (Rle_dec _ _); nra. Qed.

(* Online gradient descent on an interval: s t is the slope of loss t at a t. *)
Theorem online_descent lo hi eta (a s : nat -> R) c T : 0 < eta -> lo <= c <= hi ->
  (forall t, a (S t) = clip lo hi (a t - eta * s t)) ->
  sum T (fun t => s t * (a t - c)) <= (a O - c)² / (2 * eta) + eta / 2 * sum T (fun t => (s t)²).
Proof.
  intros K C Step.
  assert (H : sum T (fun t => s t * (a t - c)) + (a T - c)² / (2 * eta)
    <= (a O - c)² / (2 * eta) + eta / 2 * sum T (fun t => (s t)²)).
  { induction T as [|T IH]; [simpl; lra|]. rewrite !sum_S.
    pose proof (clip_nearer lo hi (a T - eta * s T) c C) as N. rewrite <- Step in N.
    assert (I : 0 < / (2 * eta)) by (apply Rinv_0_lt_compat; lra).
    pose proof (Rmult_le_compat_r _ _ _ (Rlt_le _ _ I) N) as Q.
    replace ((a T - eta * s T - c)² * / (2 * eta)) with
      ((a T - c)² / (2 * eta) - s T * (a T - c) + eta / 2 * (s T)²) in Q by (unfold Rsqr; field; lra).
    unfold Rdiv at 1. lra. }
  assert (0 <= (a T - c)² / (2 * eta)).
  { apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat; lra]. }
  lra.
Qed.

(* 1/f grows by p/Delta^2 where f falls by p |g|^2 and f^2 <= |g|^2 Delta^2. *)
Lemma reciprocal_step f f' f0 p P D2 z : 0 < D2 -> 0 <= f0 -> 0 <= f' -> 0 <= P -> 0 <= p ->
  f' <= f - p * z -> 0 <= f -> f * f <= z * D2 -> f * (D2 + f0 * P) <= f0 * D2 ->
  f' * (D2 + f0 * (P + p)) <= f0 * D2.
Proof.
  intros HD H0 H' HP Hp Hd Hf Hz HI.
  assert (Z : p * (f * f) <= p * z * D2) by nra.
  assert (Q : D2 * f' <= f * (D2 - p * f)) by nra.
  assert (K : 0 <= D2 + f0 * (P + p)) by nra.
  apply Rmult_le_reg_l with D2; [auto|].
  apply Rle_trans with (f * (D2 - p * f) * (D2 + f0 * (P + p))).
  { rewrite <- Rmult_assoc. apply Rmult_le_compat_r; auto. }
  destruct (Rle_dec (D2 - p * f) 0) as [N | N].
  - apply Rle_trans with 0; [|apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra]].
    replace (f * (D2 - p * f) * (D2 + f0 * (P + p))) with (- (f * (- (D2 - p * f)) * (D2 + f0 * (P + p)))) by ring.
    assert (0 <= f * (- (D2 - p * f)) * (D2 + f0 * (P + p))) by (repeat apply Rmult_le_pos; lra). lra.
  - set (u := f * (D2 + f0 * P)) in *. set (r := D2 - p * f) in *.
    replace (f * r * (D2 + f0 * (P + p))) with (r * u + p * f * (f0 * r)) by (unfold u; ring).
    assert (A1 : r * u <= r * (f0 * D2)) by (apply Rmult_le_compat_l; lra).
    replace (D2 * (f0 * D2)) with (r * (f0 * D2) + p * f * (f0 * D2)) by (unfold r; ring).
    assert (A2 : p * f * (f0 * r) <= p * f * (f0 * D2)).
    { apply Rmult_le_compat_l; [nra|]. apply Rmult_le_compat_l; [auto|]. unfold r. nra. }
    lra.
Qed.

(* What is known of F(x_T) - Fstar when the steps are at least as good as P in all. *)
Definition hyper_gap (D0 Delta P : R) : R := D0 * Delta² / (Delta² + D0 * Rmax 0 P).

(* The step c of [0, A] for which descent promises most, and what T steps then promise, regret taken off. *)
Definition hyper_right (T D0 Delta L alpha eta A M : R) : R :=
  let c := Rmin A (/ L) in
  hyper_gap D0 Delta (T * (c - L * c² / 2 - eta * M² / 2) - (alpha - c)² / (2 * eta)).

Section HyperGradient.
Variables (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R) (xs : vec) (Delta : R).
Hypothesis F_smooth : smooth d F gF L.
Hypothesis F_convex : convex d F gF.
Hypothesis F_low : forall y, Fstar <= F y.
Hypothesis xs_least : F xs = Fstar.
Hypothesis L_pos : 0 < L.
Hypothesis Delta_pos : 0 < Delta.
Variables (A eta : R) (x : nat -> vec) (a : nat -> R).
Hypothesis eta_pos : 0 < eta.
Hypothesis A_pos : 0 < A.
Let z := fun t => sqn d (gF (x t)).
Let moved := fun (t : nat) (c : R) (i : nat) => x t i + - c * gF (x t) i.
Let h := fun t c => (F (moved t c) - F (x t)) / z t.
Let s := fun t => - dot d (gF (moved t (a t))) (gF (x t)) / z t.
Hypothesis a_start : 0 <= a O <= A.
Hypothesis a_step : forall t, a (S t) = clip 0 A (a t - eta * s t).
Let gap := fun t => F (x t) - Fstar.

Local Lemma z_nonneg t : 0 <= z t.
Proof. apply sqn_nonneg. Qed.
Local Lemma gap_nonneg t : 0 <= gap t.
Proof. unfold gap. pose proof (F_low (x t)). lra. Qed.
Local Lemma a_in t : 0 <= a t <= A.
Proof. destruct t; [auto|]. rewrite a_step. apply clip_in. lra. Qed.

(* h_t lies above its tangent at a_t. *)
Local Lemma above_tangent t c : 0 < z t -> h t (a t) - s t * (a t - c) <= h t c.
Proof.
  intros Z. pose proof (F_convex (moved t (a t)) (moved t c)) as C.
  replace (dot d (gF (moved t (a t))) (fun i => moved t c i - moved t (a t) i))
    with ((a t - c) * dot d (gF (moved t (a t))) (gF (x t))) in C.
  2:{ unfold dot, moved. rewrite <- sum_scal. apply sum_ext; intros; ring. }
  unfold h, s. apply Rmult_le_reg_r with (z t); [auto|].
  replace ((F (moved t c) - F (x t)) / z t * z t) with (F (moved t c) - F (x t)) by (field; lra).
  replace (((F (moved t (a t)) - F (x t)) / z t
    - - dot d (gF (moved t (a t))) (gF (x t)) / z t * (a t - c)) * z t)
    with (F (moved t (a t)) - F (x t) + (a t - c) * dot d (gF (moved t (a t))) (gF (x t))) by (field; lra).
  lra.
Qed.

(* Descent: h_t(c) <= - c + L c^2/2. *)
Local Lemma fixed_step_falls t c : 0 < z t -> c - L * c² / 2 <= - h t c.
Proof.
  intros Z. pose proof (descent d F gF L (x t) (fun i => - c * gF (x t) i) F_smooth) as D.
  rewrite dot_scal, dot_self, sqn_scal in D. fold (z t) in D.
  change (fun i => x t i + - c * gF (x t) i) with (moved t c) in D.
  unfold h. apply Rmult_le_reg_r with (z t); [auto|].
  replace (- ((F (moved t c) - F (x t)) / z t) * z t) with (F (x t) - F (moved t c)) by (field; lra).
  replace ((- c)²) with (c²) in D by (unfold Rsqr; ring). nra.
Qed.

Local Lemma slope_in t : 0 < z t -> - 1 <= s t <= a t * L - 1.
Proof.
  intros Z. pose proof (a_in t) as At. set (y := moved t (a t)). set (g := gF (x t)).
  assert (M1 : a t * dot d (gF y) g <= a t * z t).
  { pose proof (F_convex (x t) y) as C1. pose proof (F_convex y (x t)) as C2.
    replace (dot d (gF (x t)) (fun i => y i - x t i)) with (- a t * z t) in C1.
    2:{ unfold z. rewrite <- dot_self. unfold y, moved, dot. rewrite <- sum_scal. apply sum_ext; intros; ring. }
    replace (dot d (gF y) (fun i => x t i - y i)) with (a t * dot d (gF y) g) in C2.
    2:{ unfold dot. rewrite <- sum_scal. apply sum_ext; intros i _.
        change (y i) with (x t i + - a t * g i). ring. }
    lra. }
  assert (M2 : z t - dot d (gF y) g <= a t * L * z t).
  { pose proof (slope_growth d F gF L (x t) (fun i => - g i) (a t) F_smooth ltac:(lra)) as G. cbv beta in G.
    replace (fun i => x t i + a t * - g i) with y in G
      by (apply functional_extensionality; intros; unfold y, moved, g; ring).
    replace (dot d (gF y) (fun i => - g i)) with (- dot d (gF y) g) in G
      by (replace (- dot d (gF y) g) with (-1 * dot d (gF y) g) by ring; rewrite <- dot_scal;
          apply sum_ext; intros; ring).
    replace (dot d (gF (x t)) (fun i => - g i)) with (- z t) in G
      by (unfold z; rewrite <- dot_self; fold g; replace (- dot d g g) with (-1 * dot d g g) by ring;
          rewrite <- dot_scal; apply sum_ext; intros; ring).
    replace (sqn d (fun i => - g i)) with (z t) in G
      by (apply sum_ext; intros; unfold g, Rsqr; ring). lra. }
  assert (M0 : dot d (gF y) g <= z t).
  { destruct (Rle_lt_dec (a t) 0) as [N | P].
    - assert (E : a t = 0) by lra.
      replace (gF y) with g; [rewrite dot_self; unfold z, g; lra|].
      unfold g. f_equal. apply functional_extensionality; intros; unfold y, moved. rewrite E. ring.
    - apply Rmult_le_reg_l with (a t); auto. }
  assert (I : 0 < / z t) by (apply Rinv_0_lt_compat; auto).
  unfold s. fold y g. split; apply Rmult_le_reg_r with (z t); auto;
    replace (- dot d (gF y) g / z t * z t) with (- dot d (gF y) g) by (field; lra); nra.
Qed.

Section Steps.
(* The step is no worse than a_t promises, and not up: plain steps with A L <= 2, or the better of x_t and x_t - a_t g. *)
Hypothesis better : forall t, F (x (S t)) <= F (moved t (a t)).
Hypothesis falls : forall t, F (x (S t)) <= F (x t).
Hypothesis near : forall t, sqn d (fun i => x t i - xs i) <= Delta².

Local Lemma gap_squared t : gap t * gap t <= z t * Delta².
Proof.
  pose proof (F_convex (x t) xs) as C. rewrite xs_least in C.
  set (w := fun i => x t i - xs i).
  replace (dot d (gF (x t)) (fun i => xs i - x t i)) with (- dot d (gF (x t)) w) in C.
  2:{ replace (- dot d (gF (x t)) w) with (-1 * dot d (gF (x t)) w) by ring. rewrite <- dot_scal.
      apply sum_ext; intros; unfold w; ring. }
  pose proof (cauchy d (gF (x t)) w) as Q. fold (dot d (gF (x t)) w) (sqn d (gF (x t))) (sqn d w) in Q. fold (z t) in Q.
  pose proof (Rmult_le_compat_l _ _ _ (z_nonneg t) (near t)) as N. fold w in N.
  pose proof (gap_nonneg t) as G. assert (U : gap t <= dot d (gF (x t)) w) by (unfold gap; lra).
  pose proof (Rmult_le_compat _ _ _ _ G G U U). unfold Rsqr in Q at 1. lra.
Qed.

Local Lemma falls_to t T : (t <= T)%nat -> gap T <= gap t.
Proof. induction 1; [lra|]. unfold gap in *. pose proof (falls m). lra. Qed.

Let p := fun t => Rmax 0 (- h t (a t)).

Local Lemma reciprocal T : (forall t, (t < T)%nat -> 0 < z t) ->
  gap T * (Delta² + gap O * sum T p) <= gap O * Delta².
Proof.
  induction T as [|T IH]; intros Z; [simpl; lra|]. rewrite sum_S.
  assert (ZT : 0 < z T) by (apply Z; lia).
  assert (Pos : forall t, 0 <= p t) by (intros; apply Rmax_l).
  apply reciprocal_step with (f := gap T) (z := z T); auto using gap_nonneg.
  - apply Rsqr_pos_lt. lra.
  - apply sum_nonneg; auto.
  - unfold p, Rmax. destruct (Rle_dec 0 (- h T (a T))) as [H | H].
    + replace (- h T (a T) * z T) with (F (x T) - F (moved T (a T))) by (unfold h; field; lra).
      pose proof (better T). unfold gap. lra.
    + pose proof (falls T). unfold gap. lra.
  - apply gap_squared.
Qed.

Local Lemma from_promise T P : ((forall t, (t < T)%nat -> 0 < z t) -> P <= sum T p) -> gap T <= hyper_gap (gap O) Delta P.
Proof.
  intros HP. unfold hyper_gap.
  assert (D2 : 0 < Delta²) by (apply Rsqr_pos_lt; lra).
  pose proof (gap_nonneg O) as G0. pose proof (gap_nonneg T) as GT.
  assert (K : 0 < Delta² + gap O * Rmax 0 P) by (pose proof (Rmax_l 0 P); nra).
  apply Rmult_le_reg_r with (Delta² + gap O * Rmax 0 P); [auto|].
  replace (gap O * Delta² / (Delta² + gap O * Rmax 0 P) * (Delta² + gap O * Rmax 0 P)) with (gap O * Delta²)
    by (field; lra).
  destruct (Rle_lt_dec (gap T) 0) as [N | Pos].
  - assert (E : gap T = 0) by lra. rewrite E. nra.
  - assert (Z : forall t, (t < T)%nat -> 0 < z t).
    { intros t Ht. pose proof (falls_to t T ltac:(lia)). pose proof (gap_squared t) as Q. pose proof (z_nonneg t).
      destruct (Req_dec (z t) 0) as [E | E]; [rewrite E in Q; nra | lra]. }
    apply Rle_trans with (2 := reciprocal T Z). apply Rmult_le_compat_l; [lra|].
    apply Rplus_le_compat_l, Rmult_le_compat_l; [auto|]. apply Rmax_lub; [|auto].
    apply sum_nonneg; intros; apply Rmax_l.
Qed.

(* As good as any fixed step c, up to the regret of online gradient descent. *)
Theorem hypergradient_fixed_step c T : 0 <= c <= A -> F (x T) - Fstar <= hyper_gap (F (x O) - Fstar) Delta
  (sum T (fun t => - h t c) - (a O - c)² / (2 * eta) - eta / 2 * sum T (fun t => (s t)²)).
Proof.
  intros C. change (gap T <= hyper_gap (gap O) Delta
    (sum T (fun t => - h t c) - (a O - c)² / (2 * eta) - eta / 2 * sum T (fun t => (s t)²))).
  apply from_promise. intros Z.
  pose proof (online_descent 0 A eta a s c T eta_pos C a_step) as R.
  assert (Q : sum T (fun t => - h t c) - sum T (fun t => s t * (a t - c)) <= sum T p).
  { rewrite <- sum_minus. apply sum_le; intros t Ht. pose proof (above_tangent t c (Z t Ht)).
    pose proof (Rmax_r 0 (- h t (a t))). unfold p. lra. }
  lra.
Qed.

Theorem hypergradient_null_steps T :
  F (x T) - Fstar <= hyper_right (INR T) (F (x O) - Fstar) Delta L (a O) eta A (Rmax 1 (A * L - 1)).
Proof.
  change (gap T <= hyper_right (INR T) (gap O) Delta L (a O) eta A (Rmax 1 (A * L - 1))).
  unfold hyper_right. set (c := Rmin A (/ L)). set (M := Rmax 1 (A * L - 1)).
  assert (I : 0 < / L) by (apply Rinv_0_lt_compat; auto).
  assert (C : 0 <= c <= A) by (unfold c, Rmin; destruct (Rle_dec _ _); lra).
  apply from_promise. intros Z.
  pose proof (online_descent 0 A eta a s c T eta_pos C a_step) as R.
  assert (Q : sum T (fun _ => c - L * c² / 2) - sum T (fun t => s t * (a t - c)) <= sum T p).
  { rewrite <- sum_minus. apply sum_le; intros t Ht. pose proof (above_tangent t c (Z t Ht)).
    pose proof (fixed_step_falls t c (Z t Ht)). pose proof (Rmax_r 0 (- h t (a t))). unfold p. lra. }
  assert (B : sum T (fun t => (s t)²) <= INR T * M²).
  { apply sum_le_const. intros t Ht. pose proof (slope_in t (Z t Ht)) as S. pose proof (a_in t) as At.
    apply Rsqr_le_abs_1. unfold M. rewrite (Rabs_right (Rmax 1 (A * L - 1))) by (pose proof (Rmax_l 1 (A * L - 1)); lra).
    apply Rabs_le. pose proof (Rmax_l 1 (A * L - 1)). pose proof (Rmax_r 1 (A * L - 1)).
    assert (a t * L <= A * L) by (apply Rmult_le_compat_r; lra). lra. }
  rewrite sum_const in Q. pose proof (Rmult_le_compat_l (eta / 2) _ _ ltac:(lra) B). lra.
Qed.
End Steps.

(* Plain steps do not lead away from xs if A L <= 2, so Delta is the distance of the start. *)
Hypothesis x_step : forall t, x (S t) = (fun i => x t i + - a t * gF (x t) i).
Hypothesis A_short : A * L <= 2.
Hypothesis x0_near : sqn d (fun i => x O i - xs i) <= Delta².

Local Lemma short t : 0 <= a t * (2 - a t * L).
Proof. pose proof (a_in t). assert (a t * L <= A * L) by (apply Rmult_le_compat_r; lra). apply Rmult_le_pos; lra. Qed.

Local Lemma plain_falls t : F (x (S t)) <= F (x t).
Proof.
  rewrite x_step. pose proof (descent d F gF L (x t) (fun i => - a t * gF (x t) i) F_smooth) as D.
  rewrite dot_scal, dot_self, sqn_scal in D. fold (z t) in D.
  pose proof (Rmult_le_pos _ _ (short t) (z_nonneg t)).
  replace ((- a t)²) with ((a t)²) in D by (unfold Rsqr; ring). unfold Rsqr in D. lra.
Qed.

Local Lemma plain_near t : sqn d (fun i => x t i - xs i) <= Delta².
Proof.
  induction t as [|t IH]; [auto|]. apply Rle_trans with (2 := IH).
  replace (sqn d (fun i => x (S t) i - xs i)) with
    (sqn d (fun i => (x t i - xs i) + - a t * gF (x t) i)).
  2:{ rewrite x_step. apply sum_ext; intros; unfold Rsqr; ring. }
  rewrite sqn_plus, sqn_scal. fold (z t).
  replace (dot d (fun i => x t i - xs i) (fun i => - a t * gF (x t) i))
    with (- a t * dot d (gF (x t)) (fun i => x t i - xs i)).
  2:{ unfold dot. rewrite <- sum_scal. apply sum_ext; intros; ring. }
  assert (Low : forall y, F xs <= F y) by (intros y; rewrite xs_least; apply F_low).
  pose proof (convex_smooth d F gF L xs F_smooth Low L_pos (x t) F_convex) as C. fold (z t) in C.
  pose proof (descent d F gF L (x t) (fun i => - / L * gF (x t) i) F_smooth) as D.
  rewrite dot_scal, dot_self, sqn_scal in D. fold (z t) in D.
  pose proof (Low (fun i => x t i + - / L * gF (x t) i)) as Q. cbv beta in Q.
  replace (L / 2 * ((- / L)² * z t)) with (z t / (2 * L)) in D by (unfold Rsqr; field; lra).
  replace (- / L * z t) with (- (2 * (z t / (2 * L)))) in D by (field; lra).
  set (e := dot d (gF (x t)) (fun i => x t i - xs i)) in *. set (k := z t / (2 * L)) in *.
  assert (E : 2 * k <= e) by lra.
  pose proof (Rmult_le_compat_l _ _ _ (proj1 (a_in t)) E) as P.
  pose proof (Rmult_le_pos _ _ (short t) (z_nonneg t)) as W.
  assert (Zk : z t = 2 * L * k) by (unfold k; field; lra). rewrite Zk in *.
  assert (W2 : 0 <= L * (2 * k * a t * (2 - a t * L))) by lra.
  assert (W3 : 0 <= 2 * k * a t * (2 - a t * L)).
  { apply Rmult_le_reg_l with L; [auto|]. rewrite Rmult_0_r. auto. }
  replace ((- a t)²) with (a t * a t) by (unfold Rsqr; ring). lra.
Qed.

Theorem hypergradient_rate T : (0 < T)%nat ->
  F (x T) - Fstar <= hyper_right (INR T) (F (x O) - Fstar) Delta L (a O) eta A 1.
Proof.
  intros _. pose proof (hypergradient_null_steps
    (fun t => Req_le _ _ (f_equal F (x_step t))) plain_falls plain_near T) as H.
  replace (Rmax 1 (A * L - 1)) with 1 in H; [auto|].
  unfold Rmax. destruct (Rle_dec _ _); lra.
Qed.
End HyperGradient.

(* Learned weights of fixed directions: F(x + w u + (1 - w) v) is convex in w. *)
Theorem surrogate_convex_in_weights d F gF (x u v : vec) w w' r : convex d F gF -> 0 <= r <= 1 ->
  let phi := fun w => F (fun i => x i + (w * u i + (1 - w) * v i)) in
  phi ((1 - r) * w + r * w') <= (1 - r) * phi w + r * phi w'.
Proof.
  intros C R phi. set (m := (1 - r) * w + r * w'). set (y := fun i => x i + (m * u i + (1 - m) * v i)).
  set (D := dot d (gF y) (fun i => u i - v i)).
  assert (T : forall c, F y + (c - m) * D <= phi c).
  { intros c. pose proof (C y (fun i => x i + (c * u i + (1 - c) * v i))) as H. cbv beta in H.
    replace (dot d (gF y) (fun i => x i + (c * u i + (1 - c) * v i) - y i)) with ((c - m) * D) in H; [auto|].
    unfold D. rewrite <- dot_scal. apply sum_ext; intros. unfold y. ring. }
  pose proof (Rmult_le_compat_l (1 - r) _ _ ltac:(lra) (T w)) as A.
  pose proof (Rmult_le_compat_l r _ _ ltac:(lra) (T w')) as B.
  change (phi m) with (F y). unfold m in A, B at 1. fold m in A, B.
  assert (E : (1 - r) * (F y + (w - m) * D) + r * (F y + (w' - m) * D) = F y) by (unfold m; ring). lra.
Qed.

(* But not in rho, which stands under the root: F(y) = y, gradients 1 and 1, beta2 = 15/17, eps = 0, the second step. *)
Theorem surrogate_not_convex_in_rho :
  let v := 15 / 17 * (2 / 17) + 2 / 17 in
  let vbar := (2 / 17 + v) / 2 in
  let phi := fun rho => - / sqrt (rho * v + (1 - rho) * vbar) in
  (1 - 29 / 60) * phi 0 + 29 / 60 * phi 1 < phi (29 / 60).
Proof.
  intros v vbar phi. unfold phi.
  replace (0 * v + (1 - 0) * vbar) with ((7 / 17)²) by (unfold vbar, v, Rsqr; field).
  replace (1 * v + (1 - 1) * vbar) with ((8 / 17)²) by (unfold vbar, v, Rsqr; field).
  replace (29 / 60 * v + (1 - 29 / 60) * vbar) with ((15 / 34)²) by (unfold vbar, v, Rsqr; field).
  rewrite !sqrt_Rsqr by lra. lra.
Qed.
